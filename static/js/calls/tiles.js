// @ts-check
/** The pictures of a call: one for each person and each shared screen beside the own. Of two people there is one picture and one track; more
 * need a panel's tracks, dealt to seats by the server, which is asked whose is where. */
import { el, icon, must, qs, setText } from "../core/dom.js";
import { t } from "../core/texts.js";

const ASK_MS = 1000;

/** @typedef {import("../interviews/presence.js").Person} Person */
/** @typedef {{seat: number, name: string, mic: boolean, camera: boolean, screen: boolean}} Shown */

/**
 * What there is to see for somebody: screens first, then people by seat.
 * @param {Person[]} people
 * @returns {Shown[]}
 */
export function shownOf(people) {
  const others = people.filter(({ me }) => !me);
  const screens = others.flatMap(({ screen, name }) => (screen === null ? [] : [{ seat: screen, name: t("js-calls-screen-of", { name }), mic: true, camera: true, screen: true }]));
  return [...screens, ...others.map(({ seat, name, mic, camera }) => ({ seat, name, mic, camera, screen: false }))];
}

export class Tiles {
  #player;
  #grid = must("#tiles");
  #main = must(".tile-remote");
  /** @type {Map<number, HTMLElement>} by seat, beside the main one */
  #others = new Map();
  /** @type {Shown[]} */
  shown = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("../media/viewer.js").WhepPlayer} player */
  constructor(player) {
    this.#player = player;
    player.addEventListener("tracks", () => this.#ask());
  }

  /** @param {Person[]} people */
  update(people) {
    this.shown = shownOf(people);
    const [main, ...others] = this.shown;
    // Who shares a screen sees that of nobody twice: the own one is in the stream too.
    const several = others.length > 0;
    const own = people.some(({ me, screen }) => me && screen !== null);
    const pin = main && (several || own) ? main.seat : null;
    // Other tracks come with a new connection, which is asked for the right picture at once.
    if (this.#player.panel !== several) this.#player.view.pin = pin;
    else if (this.#player.view.pin !== pin) void this.#player.setView({ pin });
    this.#player.setPanel(several);
    this.#grid.dataset.count = String(this.shown.length);
    this.#grid.toggleAttribute("data-screen", main?.screen ?? false);
    this.#main.toggleAttribute("data-screen", main?.screen ?? false);
    this.#place(others);
    if (main) label(this.#main, main);
    if (several) this.#ask();
    else clearTimeout(this.#timer);
  }

  /** @param {Shown[]} others */
  #place(others) {
    for (const [seat, tile] of this.#others) {
      if (others.some((one) => one.seat === seat)) continue;
      tile.remove();
      this.#others.delete(seat);
    }
    for (const one of others) {
      let tile = this.#others.get(one.seat);
      if (!tile) {
        const video = el("video", { playsInline: true, muted: true, autoplay: true });
        const muted = el("span", { hidden: true, "data-muted": "" }, icon("mic-off"), el("span", { className: "visually-hidden", textContent: t("js-calls-microphone") }));
        tile = el("div", { className: "tile tile-more" }, video, el("p", { className: "tile-off" }, icon("camera-off")), el("p", { className: "tile-name" }, el("span", { className: "truncate" }), muted));
        this.#others.set(one.seat, tile);
        this.#grid.append(tile);
      }
      label(tile, one);
    }
  }

  #ask() {
    clearTimeout(this.#timer);
    if (this.#player.panel) void this.#look();
  }

  async #look() {
    const slots = this.#others.size && !document.hidden ? await this.#player.slots() : null;
    clearTimeout(this.#timer);
    if (!this.#player.panel) return;
    for (const { mid, seat } of slots ?? []) {
      const track = this.#player.more?.pictures.find((one) => one.mid === mid)?.receiver.track;
      const video = /** @type {HTMLVideoElement | undefined} */ (this.#others.get(seat)?.querySelector("video") ?? undefined);
      if (!track || !video) continue;
      const has = /** @type {MediaStream | null} */ (video.srcObject)?.getTracks()[0];
      if (has === track) continue;
      video.srcObject = new MediaStream([track]);
      void video.play().catch(() => {});
    }
    this.#timer = setTimeout(() => void this.#look(), ASK_MS);
  }
}

/** @param {HTMLElement} tile @param {Shown} one */
function label(tile, one) {
  setText(qs(".tile-name > .truncate", tile), one.name);
  tile.toggleAttribute("data-off", !one.camera);
  tile.dataset.seat = String(one.seat);
  const muted = qs("[data-muted]", tile);
  if (muted) muted.hidden = one.mic;
}
