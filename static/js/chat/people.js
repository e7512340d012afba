// @ts-check
/** Who writes here, and the offer to hear them. */
import { announce, must, qs, qsa } from "../core/dom.js";
import { t } from "../core/texts.js";

/** @param {import("./list.js").List} list @returns {{name: string, badge: string}[]} who wrote last, first */
export function recentPeople(list) {
  /** @type {Map<string, {name: string, badge: string}>} */
  const people = new Map();
  for (const line of qsa(".msg[data-author][data-seq]:not(.msg-deleted)", list.box).reverse()) {
    const name = qs("[data-name]", line)?.textContent ?? "";
    if (name && line.dataset.author !== list.account && !people.has(name)) people.set(name, { name, badge: qs(".badge:not([hidden])", line)?.textContent ?? "" });
  }
  return [...people.values()];
}

/**
 * Shows the button that reads hosts' messages aloud where the device can speak.
 * @param {HTMLElement} panel
 * @returns {(message: {name: string, text: string}) => void} says a message if it is wanted
 */
export function offerAloud(panel) {
  const button = must("[data-chat-aloud]", panel);
  /** @type {import("./aloud.js").Aloud | undefined} */
  let aloud;
  button.hidden = !("speechSynthesis" in globalThis);
  button.addEventListener("click", async () => {
    aloud ??= new (await import("./aloud.js")).Aloud(globalThis.speechSynthesis);
    aloud.turn(!aloud.on);
    button.setAttribute("aria-pressed", String(aloud.on));
    announce(t(aloud.on ? "js-chat-aloud-on" : "js-chat-aloud-off"));
  });
  return (message) => aloud?.say(message);
}
