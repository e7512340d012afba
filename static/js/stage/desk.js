// @ts-check
/** The host's shelf: puts a posting on stage without leaving the studio, where a stream may be running. */
import { must, qsa } from "../core/dom.js";
import { setPending } from "../core/forms.js";
import { Problem, post } from "../core/http.js";
import { toast } from "../core/toast.js";

/** Marks what stands on stage. @param {string | undefined} posting */
export function mark(posting) {
  for (const item of qsa("#shelf [data-posting]")) {
    const on = item.dataset.posting === posting;
    item.toggleAttribute("data-on-stage", on);
    item.querySelector("button")?.setAttribute("aria-pressed", String(on));
  }
  must("#take-down").hidden = !posting;
}

export function enhanceShelf() {
  document.addEventListener(
    "submit",
    (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      if (!("spotlight" in form.dataset)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = /** @type {HTMLButtonElement | null} */ (form.querySelector("button"));
      void put(form, button?.getAttribute("aria-pressed") === "true" ? "" : (button?.value ?? ""));
    },
    { capture: true },
  );
}

/** @param {HTMLFormElement} form @param {string} posting */
async function put(form, posting) {
  setPending(form, true);
  try {
    const entry = await post(form.action, { posting_id: posting });
    mark(entry.card?.posting);
  } catch (error) {
    if (error instanceof Problem) toast(error.message, { kind: "error" });
  } finally {
    setPending(form, false);
  }
}
