// @ts-check
/** The picture that stands for video where there is none: for those who save data, listen only, or have too slow a network. */
import { announce, must } from "../core/dom.js";
import { t } from "../core/texts.js";

/** A whole room does not fetch a new picture at the same moment. */
const SPREAD_MS = 1500;
const MOST_SPREAD_MS = 8000;
const PER_PERSON_MS = 2;

export class Slide {
  #image = /** @type {HTMLImageElement} */ (must("#slide"));
  #room;
  #changed;
  /** @type {string | null} */
  #id = null;
  #title = "";
  #version = 1;
  #wanted = false;
  people = 0;

  /** @param {string} room @param {() => void} changed the picture has come, or does not */
  constructor(room, changed) {
    this.#room = room;
    this.#changed = changed;
    this.#image.addEventListener("error", () => this.#reveal(false));
    this.#image.addEventListener("load", () => this.#reveal(this.#wanted && this.#id !== null));
  }

  /** Whether there is something to see, and not only to be loaded. */
  get visible() {
    return !this.#image.hidden;
  }

  /** @param {boolean} seen */
  #reveal(seen) {
    this.#image.hidden = !seen;
    this.#changed();
  }

  /** @param {string | null} id @param {string} title */
  set(id, title) {
    if (id === this.#id) return;
    [this.#id, this.#title, this.#version] = [id, title, 1];
    if (this.#wanted && id && title) announce(t("js-slides-shown", { title }));
    this.#draw(true);
  }

  /** The same picture of the screen, newer. @param {string} id @param {number} version */
  renew(id, version) {
    if (id !== this.#id) return;
    this.#version = version;
    this.#draw(true);
  }

  /** @param {boolean} wanted whether it is to be seen now */
  show(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#draw(false);
  }

  /** @param {boolean} spread */
  #draw(spread) {
    if (!this.#wanted || !this.#id) {
      this.#image.hidden = true;
      if (!this.#id) this.#image.removeAttribute("src");
      return;
    }
    const url = `/rooms/${this.#room}/slides/${this.#id}?v=${this.#version}`;
    const place = () => {
      if (url !== `/rooms/${this.#room}/slides/${this.#id}?v=${this.#version}` || !this.#wanted) return;
      this.#image.alt = this.#title || t("js-slides-picture");
      if (this.#image.getAttribute("src") === url) this.#reveal(this.#image.complete && this.#image.naturalWidth > 0);
      else this.#image.src = url;
    };
    if (spread) setTimeout(place, Math.random() * Math.min(MOST_SPREAD_MS, SPREAD_MS + this.people * PER_PERSON_MS));
    else place();
  }
}
