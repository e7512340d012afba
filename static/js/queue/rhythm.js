// @ts-check
/** When to ask again. Pure. */

/** Often enough that of the half minute for an answer most is left; a third of it costs 90 KB an hour. */
const EVERY_MS = 4000;
/** While the room tells when the line moves, asking is only a sign of life, and for what was lost on the way. */
const EVERY_TOLD_MS = 10000;
/** A place is kept for ten minutes, and the network may come back at any time. */
const SLOWEST_MS = 20000;
/** Within this time all pages of a line look again after it moved; those at its head first, for theirs is the hurry. */
const SPREAD_MS = 900;
const SPREAD_HEAD_MS = 150;
const HEAD = 3;

/**
 * @param {number} failures in a row
 * @param {number | null} retryAfter seconds the server asked for
 * @param {number} chance from 0 to 1; spreads out the pages that were opened at the same time
 * @param {boolean} [told] the room tells when the line moves
 * @returns {number} milliseconds to wait
 */
export function nextDelay(failures, retryAfter, chance, told = false) {
  const backedOff = Math.min((told ? EVERY_TOLD_MS : EVERY_MS) * 2 ** failures, SLOWEST_MS);
  return Math.max(backedOff * (0.75 + chance / 2), (retryAfter ?? 0) * 1000 * (1 + chance / 4));
}

/**
 * @param {number | null} position in line; null for who is called, talks, or stands at the desk
 * @param {number} chance from 0 to 1
 * @returns {number} milliseconds to wait after the line moved, so that not all ask at the same moment
 */
export const spread = (position, chance) => chance * (position !== null && position > HEAD ? SPREAD_MS : SPREAD_HEAD_MS);
