// @ts-check
/** What hosts pinned above the chat. */
import { announce, must, qs, setText } from "../core/dom.js";
import { t } from "../core/texts.js";

/** @param {HTMLElement} panel @param {{text: string, name: string}} notice */
export function showNotice(panel, { text, name }) {
  const box = must("[data-notice]", panel);
  if (box.hidden === !text && qs("[data-notice-text]", box)?.textContent === text) return;
  box.hidden = !text;
  setText(qs("[data-notice-text]", box), text);
  setText(qs("[data-notice-name]", box), t("js-notices-pinned-by", { name }));
  if (text) announce(t("js-notices-pinned", { text }));
}
