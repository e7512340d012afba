// @ts-check
/** Texts of the scripts in the page's language. The server serves them as a module; `<html data-texts>` names its URL. */

/** @type {Record<string, string>} */
let texts = {};

/** Settles once texts are there; also without them, because a page with bare keys is better than one that stands still. */
export const ready = load();

/** @returns {Promise<void>} */
async function load() {
  const url = document.documentElement.dataset.texts;
  if (!url) return;
  try {
    texts = (await import(url)).default;
  } catch (error) {
    console.warn("texts could not be loaded", error);
  }
}

/** `zh-CN` or `en`. */
export const lang = document.documentElement.lang || "zh-CN";

/**
 * The text of `key` with its `{$name}` places filled.
 * @param {string} key
 * @param {Record<string, string | number>} [args]
 * @returns {string}
 */
export function t(key, args = {}) {
  return fill(texts[key] ?? key, args);
}

/**
 * @param {string} text
 * @param {Record<string, string | number>} args
 * @returns {string}
 */
export function fill(text, args) {
  return text.replace(/\{\s*\$([\w-]+)\s*\}/g, (place, name) => String(args[name] ?? place));
}
