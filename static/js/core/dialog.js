// @ts-check
/** Questions in a modal dialog, from scripts or from `data-confirm` on a form or a button. */
import { el } from "./dom.js";
import { t } from "./texts.js";
import { formatTime } from "./time.js";

let counter = 0;

/**
 * Asks a yes-or-no question.
 * @param {{title: string, text?: string, ok?: string, cancel?: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export async function confirm(question) {
  return (await ask(question)) === "ok";
}

/**
 * Asks for one line of text; null if the person cancels.
 * @param {{title: string, text?: string, label: string, value?: string, maxLength?: number, ok?: string, danger?: boolean}} question
 * @returns {Promise<string | null>}
 */
export async function prompt(question) {
  const id = `prompt-${++counter}`;
  const input = el("input", { id, className: "input", value: question.value ?? "", maxLength: question.maxLength ?? 200, autocomplete: "off" });
  const field = el("div", { className: "field" }, el("label", { className: "label", htmlFor: id, textContent: question.label }), input);
  return (await ask(question, field)) === "ok" ? input.value.trim() : null;
}

/**
 * @param {{title: string, text?: string, ok?: string, cancel?: string, danger?: boolean}} question
 * @param {HTMLElement} [body]
 * @returns {Promise<string>} `ok` or an empty string
 */
function ask({ title, text, ok, cancel, danger = false }, body) {
  const id = `dialog-${++counter}`;
  const dialog = el("dialog", { className: "dialog", "aria-labelledby": id });
  const form = el(
    "form",
    { className: "stack", method: "dialog" },
    el("h2", { id, textContent: title }),
    text && el("p", { textContent: text }),
    body,
    el(
      "div",
      { className: "dialog-actions" },
      // Not a submit button, so that the enter key in a text field means the main action.
      el("button", { className: "btn", type: "button", textContent: cancel ?? t("js-cancel"), "data-cancel": true }),
      el("button", { className: danger ? "btn btn-danger btn-primary" : "btn btn-primary", value: "ok", textContent: ok ?? t("js-ok") }),
    ),
  );
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener("click", (event) => {
      const target = /** @type {Element} */ (event.target);
      if (target === dialog || target.closest("[data-cancel]")) dialog.close("");
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
    if (danger) /** @type {HTMLElement | null} */ (dialog.querySelector("[data-cancel]"))?.focus();
  });
}

/** Lets `data-confirm="question"` hold back the submit of a form until the person agrees. `data-confirm-time` (in the zone
 * `data-confirm-zone`) fills the `{time}` of `data-confirm-text`. */
export function enhanceConfirms() {
  document.addEventListener(
    "submit",
    async (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      const button = /** @type {HTMLElement | null} */ (event.submitter);
      const source = button?.dataset.confirm ? button : form;
      const title = source.dataset.confirm;
      if (!title || form.dataset.confirmed) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { confirmText, confirmTime, confirmZone } = source.dataset;
      const ok = source.dataset.confirmOk ?? button?.textContent?.trim();
      const text = confirmTime ? confirmText?.replace("{time}", formatTime(new Date(confirmTime), "datetime", confirmZone)) : confirmText;
      if (!(await confirm({ title, text, ok, danger: "confirmDanger" in source.dataset }))) return;
      form.dataset.confirmed = "yes";
      // Safari before 16 lacks requestSubmit.
      if (form.requestSubmit) form.requestSubmit(button);
      else form.submit();
      delete form.dataset.confirmed;
    },
    // Before every other listener, so that nobody acts on a submit that is not agreed to yet.
    { capture: true },
  );
}
