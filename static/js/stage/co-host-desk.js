// @ts-check
/** The studio's list of co-hosts: a search stays in the page, where a stream may be running. */
import { must } from "../core/dom.js";

/** @param {{soon: () => void}} part */
export function enhanceSearch(part) {
  document.addEventListener(
    "submit",
    (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      if (form.id !== "co-host-search") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const q = String(new FormData(form).get("q") ?? "");
      must("#co-hosts").dataset.part = `${form.action}?${new URLSearchParams({ q })}`;
      // What is found is drawn only where nobody types.
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      part.soon();
    },
    { capture: true },
  );
}
