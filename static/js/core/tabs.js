// @ts-check
/** Tabs: `[data-tabs]` holds a `[role=tablist]` whose tabs name their panels by `aria-controls` and themselves by `data-tab`.
 * The chosen name also stands in `data-tab` of the holder, for layouts that show all panels on a wide screen. */
import { qsa } from "./dom.js";

/** @param {ParentNode} [root] */
export function enhanceTabs(root = document) {
  for (const holder of qsa("[data-tabs]", root)) {
    const tabs = qsa("[role=tab]", holder);
    const first = tabs.find((tab) => tab.getAttribute("aria-selected") === "true") ?? tabs[0];
    if (!first) continue;
    select(holder, first.dataset.tab ?? "");
    for (const tab of tabs) {
      tab.addEventListener("click", () => select(holder, tab.dataset.tab ?? ""));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const row = tabs.filter((other) => other.parentElement === tab.parentElement);
        const next = row[(row.indexOf(tab) + step + row.length) % row.length];
        select(holder, next?.dataset.tab ?? "");
        next?.focus();
      });
    }
  }
}

/**
 * Shows the panel of the tab `name` and tells so with a `tabchange` event on the holder.
 * @param {HTMLElement} holder
 * @param {string} name
 */
export function select(holder, name) {
  holder.dataset.tab = name;
  const keepsPanels = holder.dataset.tabs === "layout";
  for (const tab of qsa("[role=tab]", holder)) {
    const chosen = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    const panel = document.getElementById(tab.getAttribute("aria-controls") ?? "");
    if (panel && !keepsPanels) panel.hidden = !chosen;
  }
  holder.dispatchEvent(new CustomEvent("tabchange", { detail: name }));
}
