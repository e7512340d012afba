// @ts-check
/** Menus made of `<details class="menu">`: one open at a time, closed by a click elsewhere or the escape key. */
import { qs, qsa } from "./dom.js";

export function enhanceMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of qsa("details.menu[open]")) if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" ? qs("details.menu[open]") : null;
    if (!menu) return;
    menu.removeAttribute("open");
    qs("summary", menu)?.focus();
  });
}
