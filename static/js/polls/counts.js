// @ts-check
/** Numbers of a poll. Pure, so that they can be tested without a page. */

/** @typedef {import("./form.js").Poll} Poll */

/** @param {Poll} poll @param {number} voters @param {number[]} counts */
export function withCounts(poll, voters, counts) {
  const options = poll.options.map((option, n) => {
    const count = counts[n] ?? 0;
    return { ...option, count, percent: voters ? Math.round((count * 100) / voters) : 0 };
  });
  return { ...poll, voters, options, counted: true };
}
