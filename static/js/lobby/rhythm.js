// @ts-check
/** When to ask again. Pure, so that it can be tested without a page. */

/** Often enough that "live" is news, seldom enough for a data plan: 304 answers are about 150 bytes. */
const EVERY_MS = 8000;
const SLOWEST_MS = 120000;

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
