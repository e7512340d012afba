// @ts-check
/** A few dozen emoji for a chat about work, those used last first. The system draws and names them. */
import { el, must, qs, qsa } from "../core/dom.js";
import { t } from "../core/texts.js";
import { store, stored } from "./unread.js";

const ALL = [..."😀😄😂🙂😊😍😘🤔😅😭😢😡😴🤗🙏👍👎👌👏🙌💪🤝👋✌🌹🎉🎁❤🔥⭐✅❌❓❗💰💵🏭🏠🛏🍚🚌🚄⏰📅📍📞📷🧧🧨🧵"];
const KEY = "chat-emoji";
const REMEMBERED = 8;

/** Opens the picker of a composer, or closes it. @param {HTMLElement} form @param {HTMLElement} button @param {(emoji: string) => void} choose */
export function toggle(form, button, choose) {
  const open = qs(".emoji", form);
  if (open) return close(form, button);
  const used = [...(stored(KEY) ?? "")].filter((emoji) => ALL.includes(emoji));
  const all = [...new Set([...used, ...ALL])];
  const keys = all.map((emoji, at) => el("button", { type: "button", textContent: shown(emoji), tabIndex: at ? -1 : 0, "data-emoji": emoji }));
  const picker = el("div", { className: "emoji", role: "group", "aria-label": t("js-chat-emoji") }, ...keys);
  picker.addEventListener("click", (event) => {
    const key = event.target instanceof Element ? event.target.closest("button") : null;
    const emoji = key?.dataset.emoji;
    if (!emoji) return;
    store(KEY, [...new Set([emoji, ...used])].slice(0, REMEMBERED).join(""));
    choose(shown(emoji));
  });
  picker.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault();
      close(form, button);
      return must("textarea", form).focus();
    }
    const row = getComputedStyle(picker).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = keys[keys.indexOf(/** @type {any} */ (document.activeElement)) + step];
    if (!next) return;
    for (const key of keys) key.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  form.append(picker);
  button.setAttribute("aria-expanded", "true");
  keys[0]?.focus();
  const elsewhere = (/** @type {Event} */ event) => {
    if (!picker.isConnected) return document.removeEventListener("pointerdown", elsewhere);
    const target = /** @type {Node} */ (event.target);
    if (!picker.contains(target) && !button.contains(target)) close(form, button);
  };
  document.addEventListener("pointerdown", elsewhere);
}

/** Some are signs of text unless they are told otherwise. @param {string} emoji */
const shown = (emoji) => (/[✌❤🛏]/u.test(emoji) ? `${emoji}\uFE0F` : emoji);

/** @param {HTMLElement} form @param {HTMLElement} button */
function close(form, button) {
  for (const picker of qsa(".emoji", form)) picker.remove();
  button.setAttribute("aria-expanded", "false");
}
