// @ts-check
/** What viewers get, for the host: asked from the server every few seconds, and what this browser sends. */
import { el, must, qs, setText } from "../core/dom.js";
import { get } from "../core/http.js";
import { t } from "../core/texts.js";

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
    show(now.reception, now.air.publishing && now.air.viewers > 0);
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

/** @typedef {{pictures: {size: string, viewers: number, bitrate: number}[], sound_only: number, too_slow: number, without: number, rtt_ms: number | null, rtt_most_ms: number | null, loss_permille: number}} Reception */

/** @param {Reception} reception @param {boolean} any whether anybody watches */
function show(reception, any) {
  must("#reception").hidden = !any;
  if (!any) return;
  const all = [
    ...reception.pictures.map((picture) => ({ name: `${t(`js-air-${picture.size}`)} · ${rate(picture.bitrate)}`, viewers: picture.viewers })),
    { name: t("js-air-sound"), viewers: reception.sound_only },
    { name: t("js-air-slow"), viewers: reception.too_slow },
    { name: t("js-air-without"), viewers: reception.without },
  ];
  const most = Math.max(1, all.reduce((sum, row) => sum + row.viewers, 0));
  const rows = all.filter((row, at) => row.viewers > 0 || at < reception.pictures.length);
  must("#reception-pictures").replaceChildren(
    ...rows.map(({ name, viewers }) => {
      const bar = el("meter", { min: 0, max: most, value: viewers });
      bar.setAttribute("aria-hidden", "true");
      return el("li", {}, el("span", { textContent: name }), bar, el("span", { className: "num", textContent: t("js-air-viewers", { count: viewers }) }));
    }),
  );
  const { rtt_ms: rtt, rtt_most_ms: mostRtt, loss_permille: loss } = reception;
  setText(qs("#reception-network"), rtt === null ? "" : t("js-air-network", { rtt: Math.max(1, rtt), most: Math.max(1, mostRtt ?? rtt), lost: (loss / 10).toFixed(1) }));
}

/** @param {number} bits a second */
export const rate = (bits) => (bits >= 1_000_000 ? `${(bits / 1_000_000).toFixed(1)} Mbit/s` : `${Math.round(bits / 1000)} kbit/s`);
