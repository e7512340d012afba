// @ts-check
/** Plays the files of everybody in a run side by side: one clock, one set of controls. Without it each file has its own. */
import { must, qs, qsa, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";

/** Further apart than this one hears it. */
const APART = 0.12;
const TICK_MS = 250;

class Run {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.files = qsa("video", root).map((video) => /** @type {HTMLVideoElement} */ (video));
    this.seek = /** @type {HTMLInputElement} */ (must("[data-seek]", root));
    this.button = must("[data-play]", root);
    this.length = Number(this.seek.max);
    this.at = 0;
    this.plays = false;
    this.last = 0;
    for (const video of this.files) {
      video.controls = false;
      video.addEventListener("error", () => (must("[data-problem]", root).hidden = false));
      video.addEventListener("click", () => this.toggle());
    }
    must(".rec-controls", root).hidden = false;
    this.button.addEventListener("click", () => this.toggle());
    this.seek.addEventListener("input", () => this.jump(Number(this.seek.value)));
    setInterval(() => this.tick(), TICK_MS);
    this.show();
  }

  /** The files that have something at this moment. */
  get current() {
    return this.files.filter((video) => this.at >= Number(video.dataset.from) / 1000 - 0.5 && this.at <= Number(video.dataset.until) / 1000);
  }

  toggle() {
    this.plays = !this.plays;
    if (this.plays && this.at >= this.length) this.jump(0);
    this.last = performance.now();
    this.bring();
    this.show();
  }

  /** @param {number} to */
  jump(to) {
    this.at = to;
    this.last = performance.now();
    for (const video of this.current) video.currentTime = to;
    this.bring();
    this.show();
  }

  tick() {
    const now = performance.now();
    const passed = (now - this.last) / 1000;
    this.last = now;
    if (!this.plays) return;
    const current = this.current;
    // Everybody waits for whoever has to load.
    const waits = current.some((video) => video.readyState < 3 && !video.error && !video.ended);
    const leader = current.find((video) => !video.error && !video.ended && video.readyState >= 3);
    if (!waits) this.at = leader && !leader.paused ? leader.currentTime : this.at + passed;
    if (this.at >= this.length) {
      this.at = this.length;
      this.plays = false;
    }
    this.bring(waits);
    this.show();
  }

  bring(waits = false) {
    const current = this.current;
    for (const video of this.files) {
      const active = current.includes(video) && !video.error;
      if (!active || !this.plays) {
        if (!video.paused) video.pause();
        continue;
      }
      if (Math.abs(video.currentTime - this.at) > APART) video.currentTime = this.at;
      if (waits && video.readyState >= 3) video.pause();
      else if (video.paused) video.play().catch(() => {});
    }
    for (const person of qsa(".rec-person", this.root)) {
      const own = current.filter((video) => person.contains(video));
      const shown = own[0] ?? qs("video", person);
      for (const video of qsa("video", person)) video.hidden = video !== shown;
      must(".rec-silent", person).hidden = own.some((video) => video.dataset.sound === undefined);
    }
  }

  show() {
    this.seek.value = String(Math.floor(this.at));
    setText(must("[data-time]", this.root), `${clock(this.at)} / ${clock(this.length)}`);
    this.seek.setAttribute("aria-valuetext", clock(this.at));
    this.button.setAttribute("aria-pressed", String(this.plays));
    setText(must("span", this.button), t(this.plays ? "js-recordings-pause" : "js-recordings-play"));
    must("use", this.button).setAttribute("href", `${document.documentElement.dataset.icons ?? ""}#${this.plays ? "pause" : "play"}`);
  }
}

/** @param {number} seconds */
function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

await ready;
for (const root of qsa("[data-player]")) new Run(root);
