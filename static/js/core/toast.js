// @ts-check
/** Short messages at the foot of the screen. They are also announced, and never carry the only copy of something needed. */
import { el, icon, qs } from "./dom.js";

const ICONS = { info: "info", success: "check", error: "warning" };
/** Long enough to read thirty characters twice; a toast with a button stays longer, because it must be reached. */
const SHOWN_MS = 5000;
const SHOWN_WITH_ACTION_MS = 10000;
const MAX_SHOWN = 3;

/**
 * @param {string} text
 * @param {{kind?: "info" | "success" | "error", action?: string, onAction?: () => void, stays?: boolean}} [options]
 * @returns {() => void} takes the toast away
 */
export function toast(text, { kind = "info", action, onAction, stays = false } = {}) {
  const region = qs("#toasts");
  if (!region) return () => {};
  const box = el("div", { className: `toast toast-${kind}` }, icon(ICONS[kind]), el("span", { textContent: text }));
  const remove = () => box.remove();
  if (action) {
    const button = el("button", { className: "btn btn-small", type: "button", textContent: action });
    button.addEventListener("click", () => {
      remove();
      onAction?.();
    });
    box.append(button);
  }
  while (region.children.length >= MAX_SHOWN) region.firstElementChild?.remove();
  region.append(box);
  // What is taken away by whoever showed it.
  if (stays) return remove;
  let timer = setTimeout(remove, action ? SHOWN_WITH_ACTION_MS : SHOWN_MS);
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => (timer = setTimeout(remove, SHOWN_MS)));
  return remove;
}
