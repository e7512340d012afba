// @ts-check
/** When to ask again. Pure. */

/** Often enough that of the half minute for an answer most is left; a third of it costs 90 KB an hour. */
const EVERY_MS = 4000;
/** A place is kept for ten minutes, and the network may come back at any time. */
const SLOWEST_MS = 20000;

/**
 * @param {number} failures in a row
 * @param {number | null} retryAfter seconds the server asked for
 * @param {number} chance from 0 to 1; spreads out the pages that were opened at the same time
 * @returns {number} milliseconds to wait
 */
export function nextDelay(failures, retryAfter, chance) {
  const backedOff = Math.min(EVERY_MS * 2 ** failures, SLOWEST_MS);
  return Math.max(backedOff * (0.75 + chance / 2), (retryAfter ?? 0) * 1000 * (1 + chance / 4));
}
