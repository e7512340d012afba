// @ts-check
/** When to try again. Pure, so that it can be tested without waiting. */

const FIRST_MS = 500;
/** A viewer who waits longer than this presses reload, which costs the server more than one more try. */
const LONGEST_MS = 15000;

/**
 * Milliseconds until the next attempt: doubling, with half of it left to chance, so that a thousand viewers of a server
 * that comes back do not come at the same moment. What the server asks for is kept.
 * @param {number} failures attempts that failed in a row, from 1
 * @param {number | null} retryAfter seconds the server asked for
 * @param {number} chance from 0 to 1
 * @returns {number}
 */
export function delayBefore(failures, retryAfter, chance) {
  const own = Math.min(LONGEST_MS, FIRST_MS * 2 ** (Math.max(1, failures) - 1));
  const asked = (retryAfter ?? 0) * 1000;
  return Math.round(asked ? asked * (1 + chance / 2) : own * (0.5 + chance / 2));
}

/**
 * Whether the same request may succeed later.
 * @param {number} status of the answer; 0 if none came
 */
export const isPassing = (status) => status === 0 || status === 408 || status === 409 || status === 429 || status >= 500;
