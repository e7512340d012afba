// @ts-check
/** Clocks of phones may be minutes off, so what ends at a time is counted by the server's. */

/**
 * By how much the server's clock is ahead of this one, in milliseconds.
 * @param {string | undefined} sent the server's time when it made the page
 */
export function skewOf(sent) {
  const [page] = performance.getEntriesByType("navigation");
  const heard = performance.timeOrigin + (page instanceof PerformanceNavigationTiming ? page.responseStart : 0);
  return sent ? Number(sent) - heard : 0;
}
