// @ts-check
/** Who is next. Pure. */

/** @typedef {{state: string, position: number | null, wait_minutes: number | null, accepted?: boolean, booth_zh?: string, booth_en?: string}} Place */

/**
 * @param {Place | null} before
 * @param {Place} now
 * @returns {boolean} whether the person has just become the next one
 */
export const isNext = (before, now) =>
  now.state === "waiting" && now.position === 1 && before !== null && before.state === "waiting" && before.position !== 1;
