// @ts-check
/** A panel: the small pictures beside the large one, who sits where, who speaks, and a tap that makes a picture the large one. */
import { el, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { inSeat, watchStage } from "./people.js";

/** The server's choice changes with the voices: it is asked a moment after somebody else speaks, and rarely besides. */
const SOON_MS = 300;
const AGAIN_MS = 15000;
/** How often it is seen which pictures stand still. */
const LOOK_MS = 3000;
/** A whole audience that connects anew is spread: it sees who speaks meanwhile. */
const SPREAD_MS = 5;
const MOST_SPREAD_MS = 20000;
/** Somebody who is gone for a moment ends no panel; the server waits as long for a publisher. */
const GRACE_MS = 15000;

/** @typedef {{button: HTMLButtonElement, video: HTMLVideoElement, frames: number}} Tile */

export class Panel {
  #player;
  #box;
  #name;
  /** The seats that are live, that of who spoke last first. @type {number[]} */
  #seats = [];
  /** The small pictures by the tags of their media sections. @type {Map<string, Tile>} */
  #tiles = new Map();
  /** Seats whose pictures do not come: names to tap. @type {HTMLElement[]} */
  #names = [];
  #unpin = el("button", { type: "button", className: "btn btn-small", hidden: true });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  /** What the server said last, and when. @type {Map<string, number> | null} */
  #slots = null;
  #asked = Number.NEGATIVE_INFINITY;
  #turning = false;
  /** A screen is the large picture by itself, until the viewer chooses another one. @type {number | null} */
  #screen = null;

  /**
   * @param {import("../media/viewer.js").WhepPlayer} player
   * @param {HTMLElement} box where the small pictures go
   * @param {HTMLElement | null} [name] who is in the large picture
   */
  constructor(player, box, name = null) {
    this.#player = player;
    this.#box = box;
    this.#name = name;
    player.addEventListener("tracks", () => this.#lay());
    this.#unpin.addEventListener("click", () => this.#pin(null));
    watchStage(() => {
      this.#present();
      if (this.#slots) this.#show(this.#slots);
    });
  }

  /** @param {number[]} seats @param {number} people */
  update(seats, people) {
    const changed = seats.join() !== this.#seats.join();
    this.#seats = seats;
    if (this.#player.view.pin !== null && !seats.includes(this.#player.view.pin)) this.#pin(null);
    if (this.#player.state === "idle") this.#player.setPanel(seats.length > 1);
    else if (seats.length > 1 !== this.#player.panel && !this.#turning) void this.#turn(people);
    if (changed && this.#player.panel) this.#ask(SOON_MS);
    this.#present();
    this.#reveal();
  }

  /** Makes a screen that is newly shared the large picture, and lets go of one that is no more. */
  #present() {
    const screen = this.#seats.find((seat) => inSeat(seat)?.screen) ?? null;
    if (screen === this.#screen) return;
    const { pin } = this.#player.view;
    const follows = pin === null || pin === this.#screen;
    this.#screen = screen;
    if (screen !== null || follows) this.#pin(screen);
  }

  /** Shows the others as long as there are some. */
  #reveal() {
    const alone = this.#seats.length < 2;
    this.#box.hidden = alone || this.#tiles.size === 0;
    if (this.#name && alone) this.#name.hidden = true;
  }

  /** A panel begins or ends: other tracks are needed. @param {number} people */
  async #turn(people) {
    this.#turning = true;
    const wait = (this.#seats.length > 1 ? 0 : GRACE_MS) + Math.random() * Math.min(people * SPREAD_MS, MOST_SPREAD_MS);
    await new Promise((resolve) => setTimeout(resolve, wait));
    this.#turning = false;
    this.#player.setPanel(this.#seats.length > 1);
  }

  /** New tracks, or none. */
  #lay() {
    this.#tiles.clear();
    this.#names = [];
    this.#slots = null;
    this.#box.replaceChildren();
    for (const { mid, receiver } of this.#player.more?.pictures ?? []) {
      const video = el("video", { playsInline: true, muted: true, autoplay: true });
      video.srcObject = new MediaStream([receiver.track]);
      const button = this.#seat(video, el("span", { className: "seat-name" }));
      this.#tiles.set(mid ?? "", { button, video, frames: 0 });
      this.#box.append(button);
    }
    setText(this.#unpin, t("js-panel-unpin"));
    this.#box.append(this.#unpin);
    this.#reveal();
    this.#ask(0);
  }

  /** @param {...HTMLElement} parts */
  #seat(...parts) {
    const button = el("button", { type: "button", className: "seat", hidden: true }, ...parts);
    button.addEventListener("click", () => this.#pin(Number(button.dataset.seat)));
    return button;
  }

  /** @param {number | null} seat */
  #pin(seat) {
    void this.#player.setView({ pin: seat });
    this.#ask(SOON_MS);
  }

  /** @param {number} delay */
  #ask(delay) {
    clearTimeout(this.#timer);
    if (!this.#player.panel) return;
    this.#asked = Number.NEGATIVE_INFINITY;
    this.#timer = setTimeout(() => void this.#look(), delay);
  }

  async #look() {
    const [now, timer] = [performance.now(), this.#timer];
    if (!document.hidden && now - this.#asked > AGAIN_MS * (0.8 + Math.random() * 0.4)) {
      this.#asked = now;
      const slots = await this.#player.slots();
      if (slots) this.#slots = new Map(slots.map(({ mid, seat }) => [mid, seat]));
    }
    // Another look may have been asked for meanwhile.
    if (!this.#player.panel || timer !== this.#timer) return;
    if (this.#slots) this.#show(this.#slots);
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
  }

  /** @param {Map<string, number>} slots */
  #show(slots) {
    const [speaks] = this.#seats;
    for (const [mid, tile] of this.#tiles) {
      const seat = slots.get(mid);
      tile.button.hidden = seat === undefined;
      if (seat === undefined) continue;
      mark(tile.button, seat, speaks);
      // A picture that the network does not carry now stands still.
      const { totalVideoFrames } = tile.video.getVideoPlaybackQuality();
      tile.button.toggleAttribute("data-still", totalVideoFrames === tile.frames);
      tile.frames = totalVideoFrames;
    }
    const main = slots.get(this.#player.mainMid ?? "");
    const shown = [main, ...[...this.#tiles.keys()].map((mid) => slots.get(mid))];
    const missing = this.#seats.filter((seat) => !shown.includes(seat));
    if (missing.join() !== this.#names.map(({ dataset }) => dataset.seat).join()) {
      this.#names.forEach((button) => button.remove());
      this.#names = missing.map(() => this.#seat(el("span", { className: "seat-name" })));
      this.#unpin.before(...this.#names);
    }
    this.#names.forEach((button, at) => mark(button, missing[at] ?? 0, speaks));
    if (this.#name) {
      this.#name.hidden = main === undefined || this.#seats.length < 2;
      this.#name.toggleAttribute("data-speaks", main === speaks);
      setText(this.#name, main === undefined ? "" : titleOf(main));
    }
    this.#unpin.hidden = this.#player.view.pin === null;
  }
}

/** @param {HTMLElement} button @param {number} seat @param {number | undefined} speaks */
function mark(button, seat, speaks) {
  const name = nameOf(seat);
  button.hidden = false;
  button.dataset.seat = String(seat);
  button.toggleAttribute("data-speaks", seat === speaks);
  button.setAttribute("aria-label", t(seat === speaks ? "js-panel-enlarge-speaker" : "js-panel-enlarge", { name }));
  setText(button.querySelector(".seat-name"), name);
}

/** @param {number} seat */
function nameOf(seat) {
  const who = inSeat(seat);
  if (!who) return seat === 0 ? t("js-panel-host") : t("js-panel-guest", { n: seat });
  const name = who.screen ? t("js-panel-screen", { name: who.name }) : who.name;
  return who.muted ? t("js-panel-muted", { name }) : name;
}

/** The same with what they are there. @param {number} seat */
function titleOf(seat) {
  const who = inSeat(seat);
  return who && !who.screen ? t(`js-panel-part-${who.part}`, { name: nameOf(seat) }) : nameOf(seat);
}
