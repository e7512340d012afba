// @ts-check
/** The order of the list. Pure, so that it can be tested without a page. */

/**
 * What is on air, then the most wanted, then the oldest.
 * @param {{dataset: DOMStringMap}} a
 * @param {{dataset: DOMStringMap}} b
 */
export function byWish(a, b) {
  const rank = (/** @type {{dataset: DOMStringMap}} */ item) => (item.dataset.state === "answering" ? 0 : 1);
  const number = (/** @type {{dataset: DOMStringMap}} */ item, /** @type {string} */ name) => Number(item.dataset[name]);
  return rank(a) - rank(b) || number(b, "votes") - number(a, "votes") || number(a, "asked") - number(b, "asked");
}
