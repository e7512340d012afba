// @ts-check
/** A picture of the shared screen every few seconds, for those without video; only when there is something new on it. */
import { el } from "../core/dom.js";
import { request } from "../core/http.js";

const EVERY_MS = 8000;
/** Wide enough to read a table on a phone that is turned. */
const WIDTH = 1280;
const QUALITY = 0.6;
/** A picture of this width tells whether anything has changed. */
const GLANCE = 64;
/** Of 255: below it is noise of the grabber, or a cursor that blinks. */
const CHANGED = 12;

export class Stills {
  #url;
  #video = el("video", { muted: true, playsInline: true });
  #canvas = el("canvas");
  #small = el("canvas");
  /** @type {Uint8ClampedArray | null} */
  #glance = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #busy = false;
  /** The first one of a share. */
  #first = true;
  /** What was sent last: one request follows the other, so that no picture arrives after the goodbye. @type {Promise<unknown>} */
  #sent = Promise.resolve();

  /** @param {string} room */
  constructor(room) {
    this.#url = `/rooms/${room}/slides/still`;
  }

  /** @param {MediaStreamTrack | null} track */
  follow(track) {
    if (track && this.#timer) return;
    if (!track) return this.#stop();
    this.#video.srcObject = new MediaStream([track]);
    void this.#video.play().catch(() => {});
    this.#first = true;
    this.#timer = setInterval(() => void this.#take(), EVERY_MS);
    setTimeout(() => void this.#take(), 1000);
  }

  /** Takes one though nothing has changed: the server may have taken the last one down. */
  again() {
    this.#glance = null;
  }

  #stop() {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#video.srcObject = null;
    this.#glance = null;
    void this.#send(() => request("DELETE", this.#url)).catch(() => {});
  }

  /** @param {() => Promise<unknown>} work */
  #send(work) {
    const sending = this.#sent.then(work);
    this.#sent = sending.catch(() => {});
    return sending;
  }

  async #take() {
    const { videoWidth: width, videoHeight: height } = this.#video;
    if (!width || this.#busy || !this.#timer || !this.#isNew(width, height)) return;
    this.#busy = true;
    const timer = this.#timer;
    try {
      const scale = Math.min(1, WIDTH / width);
      [this.#canvas.width, this.#canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
      this.#canvas.getContext("2d")?.drawImage(this.#video, 0, 0, this.#canvas.width, this.#canvas.height);
      const picture = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => this.#canvas.toBlob(resolve, "image/jpeg", QUALITY));
      if (!picture || timer !== this.#timer) return;
      const url = this.#first ? `${this.#url}?anew=1` : this.#url;
      await this.#send(() => request("PUT", url, { body: picture, headers: { "Content-Type": "image/jpeg" } }));
      if (timer === this.#timer) this.#first = false;
    } catch {
      // The next one makes up for it.
      this.#glance = null;
    } finally {
      this.#busy = false;
    }
  }

  /** @param {number} width @param {number} height */
  #isNew(width, height) {
    [this.#small.width, this.#small.height] = [GLANCE, Math.max(1, Math.round((GLANCE * height) / width))];
    const context = this.#small.getContext("2d", { willReadFrequently: true });
    if (!context) return false;
    context.drawImage(this.#video, 0, 0, this.#small.width, this.#small.height);
    const now = context.getImageData(0, 0, this.#small.width, this.#small.height).data;
    const before = this.#glance;
    const changed = before?.length !== now.length || now.some((value, at) => Math.abs(value - (before[at] ?? 0)) > CHANGED);
    if (changed) this.#glance = now;
    return changed;
  }
}
