// @ts-check
/** What the call's clock says. Pure. It never ends a call. */

const MINUTE = 60000;
/** How near the next interview must be to be mentioned. */
const NEXT_WITHIN = 5 * MINUTE;

/**
 * @typedef {object} Times in UTC milliseconds
 * @property {number} starts_at
 * @property {number} ends_at
 * @property {number | null} [next_starts_at]
 */

/**
 * @typedef {object} Reading
 * @property {"before" | "running" | "last-minute" | "over"} phase
 * @property {string} time such as 14:59
 * @property {boolean} nextSoon
 */

/**
 * @param {Times} times
 * @param {number} now
 * @returns {Reading}
 */
export function read({ starts_at, ends_at, next_starts_at = null }, now) {
  const nextSoon = next_starts_at !== null && next_starts_at - now <= NEXT_WITHIN && next_starts_at > now - MINUTE;
  if (now < starts_at) return { phase: "before", time: span(starts_at - now), nextSoon: false };
  const left = ends_at - now;
  if (left <= 0) return { phase: "over", time: span(-left), nextSoon };
  return { phase: left <= MINUTE ? "last-minute" : "running", time: span(left), nextSoon };
}

/**
 * @param {number} ms
 * @returns {string} minutes and seconds
 */
export function span(ms) {
  const seconds = Math.floor(ms / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}
