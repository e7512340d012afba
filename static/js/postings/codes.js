// @ts-check
// Offers industries and occupations as one types: the lists are too long to come with the page.
import { el } from "../core/dom.js";

/** Long enough not to ask for each letter, short enough not to be noticed. */
const PAUSE = 200;

/**
 * @param {string} field Id of the field.
 * @param {string} name Of the list, in the page and on the server.
 */
function offer(field, name) {
  const input = /** @type {HTMLInputElement} */ (document.getElementById(field));
  const list = /** @type {HTMLDataListElement} */ (document.getElementById(name));
  let timer = 0;
  /** @type {AbortController | undefined} */
  let asking;

  async function ask() {
    const words = input.value.trim();
    asking?.abort();
    if (!words) return list.replaceChildren();
    asking = new AbortController();
    try {
      const url = `/codes/${name}?q=${encodeURIComponent(words)}`;
      const answer = await fetch(url, { headers: { accept: "application/json" }, signal: asking.signal });
      if (!answer.ok) return;
      /** @type {{ items: { code: string, name: string }[] }} */
      const { items } = await answer.json();
      list.replaceChildren(...items.map(({ code, name }) => el("option", { value: `${code} ${name}` })));
    } catch {
      // One can go on typing, or use the page of codes.
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
}

offer("industry", "industries");
offer("occupation", "occupations");
