// @ts-check
/** What scripts add to every form: no double submit, errors beside the field, nothing lost unnoticed. All of it is optional. */
import { announce, el, icon, on, qs, qsa } from "./dom.js";
import { t } from "./texts.js";

/** Forms whose fields differ from what the server knows. @type {Set<HTMLFormElement>} */
const unsaved = new Set();

export function enhanceForms() {
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (event.defaultPrevented || form.method === "dialog") return;
    if (form.hasAttribute("aria-busy")) return event.preventDefault();
    unsaved.delete(form);
    // What comes as a file leaves the page as it is.
    if (form.hasAttribute("data-download")) return;
    // After this turn of the event loop, because a disabled button would not send its name and value.
    setTimeout(() => setPending(form, true));
  });
  // The back button may bring the page back as it was left.
  addEventListener("pageshow", () => qsa("form[aria-busy]").forEach((form) => setPending(/** @type {HTMLFormElement} */ (form), false)));
  on("input", "form[data-warn-unsaved]", (form) => unsaved.add(/** @type {HTMLFormElement} */ (form)));
  addEventListener("beforeunload", (event) => unsaved.size && event.preventDefault());
  on("change", "input[type=file]", (input) => checkFile(/** @type {HTMLInputElement} */ (input)));
  on("input", "[aria-invalid=true]", (input) => showError(input, ""));
  on("change", "[data-submit-on-change]", (input) => input.closest("form")?.requestSubmit());
  qs("[aria-invalid=true]")?.focus();
}

/**
 * Shows that a form is on its way, or ends that.
 * @param {HTMLFormElement} form
 * @param {boolean} pending
 */
export function setPending(form, pending) {
  if (pending) form.setAttribute("aria-busy", "true");
  else form.removeAttribute("aria-busy");
  for (const button of qsa("button:not([type=button])", form)) {
    /** @type {HTMLButtonElement} */ (button).disabled = pending;
    if (pending) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }
}

/** Whether a form holds what the person has not sent. */
export const hasUnsaved = () => unsaved.size > 0;

/**
 * Shows the messages of a `Problem` beside their fields and moves to the first one.
 * @param {HTMLFormElement} form
 * @param {Record<string, string>} errors
 * @returns {boolean} whether any message found its field
 */
export function showErrors(form, errors) {
  /** @type {HTMLElement | undefined} */
  let first;
  for (const [name, text] of Object.entries(errors)) {
    const field = form.elements.namedItem(name);
    const input = field instanceof RadioNodeList ? field[0] : field;
    if (!(input instanceof HTMLElement)) continue;
    showError(input, text);
    first ??= input;
  }
  first?.focus();
  return Boolean(first);
}

/**
 * Shows `text` beside a field; an empty text clears it.
 * @param {HTMLElement} input
 * @param {string} text
 */
export function showError(input, text) {
  const id = `${input.id || input.getAttribute("name")}-error`;
  const old = document.getElementById(id);
  if (!text) {
    old?.remove();
    input.removeAttribute("aria-invalid");
    return;
  }
  const message = el("p", { className: "field-error", id }, icon("warning"), el("span", { textContent: text }));
  if (old) old.replaceWith(message);
  else (input.closest(".field, .file, .check, fieldset") ?? input).append(message);
  input.setAttribute("aria-invalid", "true");
  const described = new Set((input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(id);
  input.setAttribute("aria-describedby", [...described].join(" "));
  announce(text);
}

/** @param {HTMLInputElement} input */
function checkFile(input) {
  const max = Number(input.dataset.maxBytes) || Infinity;
  const tooLarge = Array.from(input.files ?? []).some((file) => file.size > max);
  showError(input, tooLarge ? t("js-file-too-large", { n: Math.floor(max / 1048576) }) : "");
  if (tooLarge) input.value = "";
}
