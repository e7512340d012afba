// @ts-check
/** When the own network is too weak for a picture, and when it is worth another try. Pure. */

/** Sound and the least picture that is worth looking at, in bit/s. */
const LEAST = 90_000;
/** For so long it must be too little: a dip of a second is nothing to turn a camera off for. */
const WEAK_MS = 6000;
/** A path that carries sound alone tells nothing of how much more it would carry, so it is tried, less and less often. */
const TRIES_MS = [10_000, 20_000, 40_000, 60_000];
/** A picture that lasts this long was a good try. */
const GOOD_MS = 20_000;

export class Thrift {
  /** @type {number | null} */
  #weakSince = null;
  #sparedAt = 0;
  #resumedAt = 0;
  #tries = 0;
  spares = false;

  /**
   * @param {number | undefined} available what the browser believes the path carries, in bit/s
   * @param {number} now in milliseconds
   * @returns {boolean} whether the picture is to be left out
   */
  decide(available, now) {
    if (this.spares) {
      if (now - this.#sparedAt >= (TRIES_MS[Math.min(this.#tries, TRIES_MS.length) - 1] ?? 60_000)) {
        [this.spares, this.#resumedAt, this.#weakSince] = [false, now, null];
      }
      return this.spares;
    }
    if (this.#tries && now - this.#resumedAt >= GOOD_MS) this.#tries = 0;
    if (available === undefined || available >= LEAST) this.#weakSince = null;
    else if (this.#weakSince === null) this.#weakSince = now;
    else if (now - this.#weakSince >= WEAK_MS) {
      [this.spares, this.#sparedAt] = [true, now];
      this.#tries += 1;
    }
    return this.spares;
  }
}

/** @param {Iterable<[string, any]>} report @returns {number | undefined} */
export function availableOf(report) {
  for (const [, entry] of report) if (entry.type === "candidate-pair" && entry.nominated) return entry.availableOutgoingBitrate;
  return undefined;
}
