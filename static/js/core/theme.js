// @ts-check
/** Theme and text size: applied at once, kept in cookies so that the server renders the next page right from the start. */
import { announce, on, qsa } from "./dom.js";
import { t } from "./texts.js";

const YEAR_S = 31536000;

/**
 * @param {"theme" | "size"} name
 * @param {string} value
 */
export function setPreference(name, value) {
  document.documentElement.dataset[name] = value;
  document.cookie = `sb_${name}=${encodeURIComponent(value)}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
  for (const button of qsa(`button[name=${name}]`)) button.setAttribute("aria-pressed", String(button.getAttribute("value") === value));
}

/** Lets the buttons of the settings menu act without loading the page again. */
export function enhanceTheme() {
  on("click", "button[name=theme], button[name=size]", (element, event) => {
    const button = /** @type {HTMLButtonElement} */ (element);
    if (!button.form?.action.endsWith("/preferences")) return;
    event.preventDefault();
    setPreference(button.name === "size" ? "size" : "theme", button.value);
    announce(t("js-saved"));
  });
}
