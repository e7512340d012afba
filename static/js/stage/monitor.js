// @ts-check
/** For somebody on stage with others: their pictures and voices, without one's own. */
import { must } from "../core/dom.js";
import { WhepPlayer } from "../media/viewer.js";
import { Panel } from "./panel.js";

export class Monitor {
  #box = must("#monitor");
  #player;
  #panel;
  /** @type {number[]} */
  #seats = [];

  /** @param {string} url of the room's WHEP endpoint */
  constructor(url) {
    this.#player = new WhepPlayer({ url, video: /** @type {HTMLVideoElement} */ (must("#monitor-video")) });
    this.#panel = new Panel(this.#player, must("#panel"));
    document.addEventListener("room:presence", (event) => (this.#seats = /** @type {CustomEvent} */ (event).detail.seats ?? []));
  }

  /** @param {number | null} own our seat while we are on stage @param {number | null} [screen] and that of our screen */
  follow(own, screen = null) {
    const others = own === null ? [] : this.#seats.filter((seat) => seat !== own && seat !== screen);
    this.#box.hidden = others.length === 0;
    if (others.length === 0) return this.#player.stop();
    this.#panel.update(others, 0);
    if (this.#player.without !== own) this.#player.stop();
    this.#player.without = own;
    if (this.#player.state === "idle") void this.#player.play({ sound: true });
  }
}
