// @ts-check
/** What viewers get, for the host: asked from the server every few seconds, and what this browser sends. */
import { must, qs, setText } from "../core/dom.js";
import { get } from "../core/http.js";

const ASK_MS = 2500;

export class Air {
  #url;
  #own = false;
  #since = 0;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  begin() {
    void this.#ask();
    setInterval(() => !document.hidden && void this.#ask(), ASK_MS);
    setInterval(() => this.#clock(), 1000);
  }

  /** @param {boolean} connected @param {boolean} wanted whether this browser is the publisher or wants to be */
  publishing(connected, wanted) {
    this.#own = wanted;
    if (connected && !this.#since) this.#since = Date.now();
    if (!wanted) this.#since = 0;
    this.#clock();
  }

  /** @param {import("../media/stats.js").Figures} figures */
  sent(figures) {
    if (figures.height) setText(qs("#figure-size"), `${figures.height}p · ${figures.fps}`);
  }

  async #ask() {
    const now = await get(this.#url).catch(() => null);
    if (!now) return;
    setText(qs("#figure-people"), String(now.people));
    setText(qs("#figure-viewers"), String(now.air.viewers));
    setText(qs("#figure-bitrate"), now.air.publishing ? rate(now.air.bitrate) : "–");
    if (!now.air.publishing) setText(qs("#figure-size"), "–");
    must("#elsewhere").hidden = this.#own || !now.air.publishing;
  }

  #clock() {
    const box = must("#on-air-since");
    box.hidden = !this.#since;
    const seconds = Math.floor((Date.now() - this.#since) / 1000);
    const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
    if (this.#since) setText(box, `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`);
  }
}

/** @param {number} bits a second */
export const rate = (bits) => (bits >= 1_000_000 ? `${(bits / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`);
