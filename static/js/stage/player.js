// @ts-check
/** The stage of a room page: the player, what stands there when there is no picture, and its buttons. */
import { announce, icon, must, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { lacksCodec } from "../media/codecs.js";
import { WhepPlayer } from "../media/viewer.js";
import { Panel } from "./panel.js";

/** A stream that begins is joined by a whole room: spread over this time, so that the server answers everybody quickly. */
const SPREAD_MS = 800;
const CROWD = 50;
/** A stream that says it is live but brings nothing for this long is joined anew. */
const STALLED_S = 8;

/** @typedef {"live" | "staffed" | "nobody" | "closed" | "ended" | "connecting" | "reconnecting" | "host-away" | "no-picture" | "slow" | "refused" | "unsupported" | "audio-only"} Note */

/** @type {Record<Note, string>} */
const ICONS = { live: "live", staffed: "chat", nobody: "mail", closed: "clock", ended: "clock", connecting: "live", reconnecting: "refresh", "host-away": "refresh", "no-picture": "warning", slow: "volume", refused: "warning", unsupported: "warning", "audio-only": "volume" };
const WITH_TEXT = ["staffed", "nobody", "closed", "ended", "reconnecting", "unsupported", "audio-only", "no-picture", "slow"];

export class Stage {
  #video = /** @type {HTMLVideoElement} */ (must("#video"));
  #stage = must("#stage");
  #player;
  #panel;
  #room;
  /** Loaded with the first picture. @type {import("./slide.js").Slide | null} */
  #slide = null;
  /** Our own seats, if we are on stage: what comes from there is not for us. @type {number[]} */
  #own = [];
  /** What was told last. @type {[number[], number]} */
  #told = [[], 0];
  #live = false;
  #seen = false;
  #wasLive = false;
  #still = 0;
  #frames = 0;
  /** Sound comes and a picture does not, in a browser that cannot decode every picture. */
  #blind = false;
  /** The network does not carry the picture; sound goes on. */
  #slow = false;
  /** Until then the server's words stay. */
  #texts = false;
  /** @type {"live" | "staffed" | "message-only" | "closed"} */
  #status = "message-only";

  /** @param {string} room */
  constructor(room) {
    const saveData = /** @type {any} */ (navigator).connection?.saveData === true || sessionStorage.getItem("save-data") === "1";
    this.#player = new WhepPlayer({ url: this.#stage.dataset.whep ?? "", video: this.#video, saveData, audioOnly: false });
    this.#panel = new Panel(this.#player, must("#panel"), must("#main-name"));
    this.#room = room;
    if (this.#stage.dataset.slide) void this.setSlide(this.#stage.dataset.slide, this.#stage.dataset.slideTitle ?? "");
    document.addEventListener("stage:own", (event) => this.#setOwn(/** @type {CustomEvent} */ (event).detail));
    this.#player.addEventListener("state", () => this.#show());
    this.#player.addEventListener("stats", (event) => this.#count(/** @type {CustomEvent} */ (event).detail));
    this.#player.addEventListener("sound", () => this.#show());
    this.#player.addEventListener("first-frame", (event) => this.#began(/** @type {CustomEvent} */ (event).detail.ms));
    this.#buttons();
    void ready.then(() => {
      this.#texts = true;
      this.#show();
    });
    // A phone that comes back from the back-forward cache has lost its connection.
    addEventListener("pageshow", (event) => event.persisted && this.#live && this.#join());
  }

  /**
   * @param {"live" | "staffed" | "message-only" | "closed"} status
   * @param {number} people
   * @param {number[]} seats
   */
  update(status, people, seats) {
    const live = status === "live";
    this.#told = [seats, people];
    if (this.#slide) this.#slide.people = people;
    this.#panel.update(live ? seats.filter((seat) => !this.#own.includes(seat)) : [], people);
    this.#status = status;
    if (live && !this.#live) {
      this.#live = true;
      const first = !this.#seen;
      setTimeout(() => this.#live && this.#join(), first || people < CROWD ? 0 : Math.random() * SPREAD_MS);
    } else if (!live && this.#live) {
      this.#live = false;
      this.#wasLive = true;
      this.#player.stop();
      this.#video.srcObject = null;
    }
    this.#seen = true;
    this.#show();
  }

  /** @param {number[]} seats of ours; that of the camera first */
  #setOwn(seats) {
    if (seats.join() === this.#own.join()) return;
    this.#own = seats;
    this.#player.without = seats[0] ?? null;
    void this.#player.setView({});
    // Who is spoken to must hear it.
    if (seats.length && this.#video.muted) this.#player.turnSoundOn();
    this.update(this.#status, this.#told[1], this.#told[0]);
  }

  /** @param {string | null} id @param {string} title */
  async setSlide(id, title) {
    const before = this.#player.soundOnly;
    this.#player.instead = id !== null;
    if (this.#player.soundOnly !== before) void this.#player.setView({});
    if (id === null && !this.#slide) return;
    const { Slide } = await import("./slide.js");
    this.#slide ??= new Slide(this.#room, () => this.#show());
    this.#slide.people = this.#told[1];
    this.#slide.set(id, title);
    this.#show();
  }

  /** @param {string} id @param {number} version */
  renewSlide(id, version) {
    this.#slide?.renew(id, version);
  }

  #join() {
    this.#frames = 0;
    this.#still = 0;
    this.#stage.removeAttribute("data-playing");
    void this.#player.play({ sound: sessionStorage.getItem("sound") === "on" });
  }

  /** @param {number} ms */
  #began(ms) {
    this.#stage.dataset.firstFrame = String(ms);
    this.#stage.setAttribute("data-playing", "");
    this.#still = 0;
    this.#show();
  }

  /** @param {import("../media/stats.js").Figures} figures */
  #count(figures) {
    const { soundOnly } = this.#player;
    const moves = figures.frames > this.#frames || (soundOnly && figures.bitrate > 0);
    this.#still = moves ? 0 : this.#still + 1;
    this.#frames = figures.frames;
    this.#stage.dataset.frames = String(figures.frames);
    if (moves) this.#stage.setAttribute("data-playing", "");
    setText(qs("#quality"), figures.height && !soundOnly ? `${figures.height}p` : "");
    must("#quality").hidden = !figures.height || soundOnly;
    this.#blind = this.#still >= 3 && figures.frames === 0 && figures.bitrate > 0 && lacksCodec();
    if (moves) this.#slow = false;
    else if (this.#still >= 2 && figures.bitrate > 0) void this.#player.tooSlow().then((slow) => (this.#slow = slow));
    if (this.#live && !this.#blind && !this.#slow && this.#still >= STALLED_S && this.#still % STALLED_S === 0) void this.#player.restart();
    this.#show();
  }

  /** @returns {Note} */
  #note() {
    if (!this.#live) {
      if (this.#status === "closed") return "closed";
      if (this.#wasLive) return "ended";
      return this.#status === "staffed" ? "staffed" : "nobody";
    }
    const state = this.#player.state;
    if (state === "refused" || state === "unsupported") return state;
    if (state === "reconnecting") return "reconnecting";
    if (this.#player.soundOnly && !this.#player.unseen && state === "connected") return "audio-only";
    if (this.#blind && state === "connected") return "no-picture";
    if (this.#slow) return "slow";
    if (this.#still >= 3) return "host-away";
    // A panel that begins or ends needs a new connection, which is there before the last picture is missed.
    return this.#stage.hasAttribute("data-playing") && (state === "connected" || state === "connecting") ? "live" : "connecting";
  }

  #show() {
    const note = this.#note();
    const box = must("#stage-note");
    const plays = note === "live";
    const lacks = note === "audio-only" || note === "slow" || note === "no-picture";
    this.#slide?.show(this.#live && (lacks || this.#player.view.saveData));
    box.hidden = plays || (lacks && Boolean(this.#slide?.visible));
    // Over the last picture a note is see-through; with nothing to show it is the stage itself.
    box.toggleAttribute("data-over", (note === "reconnecting" || note === "host-away" || note === "slow") && this.#stage.hasAttribute("data-playing"));
    if (!plays && this.#texts && box.dataset.note !== note) {
      box.querySelector(".icon")?.replaceWith(icon(ICONS[note]));
      setText(qs("#note-title"), note === "refused" && this.#player.refusal?.message ? this.#player.refusal.message : t(`js-stage-${note}`));
      setText(qs("#note-text"), WITH_TEXT.includes(note) ? t(`js-stage-${note}-text`) : "");
      if (note === "ended" || note === "reconnecting") announce(t(`js-stage-${note}`));
    }
    if (this.#texts) box.dataset.note = plays ? "" : note;
    box.setAttribute("aria-busy", String(note === "connecting" || note === "reconnecting"));
    must("#note-retry").hidden = note !== "refused";
    const helpless = note === "unsupported" || (note === "reconnecting" && this.#player.fruitless);
    must("#note-network").hidden = !helpless;
    must("#stage-bar").hidden = !this.#live || helpless;
    must("#sound-on").hidden = !(this.#video.muted && (plays || note === "audio-only" || note === "no-picture" || note === "slow"));
    must("#sound").setAttribute("aria-pressed", String(!this.#video.muted));
  }

  #buttons() {
    const { view } = this.#player;
    const saveData = must("#save-data");
    saveData.setAttribute("aria-pressed", String(view.saveData));
    const setSound = (/** @type {boolean} */ on) => {
      sessionStorage.setItem("sound", on ? "on" : "off");
      if (on) this.#player.turnSoundOn();
      else this.#player.turnSoundOff();
    };
    must("#sound-on").addEventListener("click", () => setSound(true));
    must("#sound").addEventListener("click", () => setSound(this.#video.muted));
    must("#note-retry").addEventListener("click", () => this.#join());
    saveData.addEventListener("click", () => {
      this.#still = 0;
      const on = !this.#player.view.saveData;
      sessionStorage.setItem("save-data", on ? "1" : "0");
      saveData.setAttribute("aria-pressed", String(on));
      void this.#player.setView({ saveData: on });
      this.#show();
    });
    must("#audio-only").addEventListener("click", () => {
      const on = !this.#player.view.audioOnly;
      must("#audio-only").setAttribute("aria-pressed", String(on));
      void this.#player.setView({ audioOnly: on });
      this.#show();
    });
    must("#fullscreen").addEventListener("click", () => void this.#fullscreen());
    this.#video.addEventListener("volumechange", () => this.#show());
  }

  async #fullscreen() {
    if (document.fullscreenElement) return document.exitFullscreen();
    if (this.#stage.requestFullscreen) return this.#stage.requestFullscreen().catch(() => {});
    // iPhones show only the video itself on the whole screen.
    /** @type {any} */ (this.#video).webkitEnterFullscreen?.();
  }
}
