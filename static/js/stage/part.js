// @ts-check
/** A part of the studio that the server draws: its forms are sent without leaving the page, where a stream may be running, and it is drawn anew
 * when something has happened. Without scripts the same forms are ordinary ones. */
import { qs } from "../core/dom.js";
import { setPending, showErrors } from "../core/forms.js";
import { Problem, request } from "../core/http.js";
import { toast } from "../core/toast.js";

/** Pictures take their time on a weak network. */
const UPLOAD_MS = 120000;

/** @param {string} selector of a section with `data-part` (where it is drawn) */
export function keepPart(selector) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  async function draw() {
    const section = qs(selector);
    if (!section || isInUse(section)) return;
    const answer = await fetch(section.dataset.part ?? "", { headers: { Accept: "text/html", "X-Part": "1" }, credentials: "same-origin" }).catch(() => null);
    if (!answer?.ok) return;
    const fresh = qs(selector, new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (!fresh || isInUse(section)) return;
    const focused = section.contains(document.activeElement) ? document.activeElement?.id : "";
    section.replaceWith(fresh);
    if (focused) document.getElementById(focused)?.focus();
    document.dispatchEvent(new CustomEvent("part:drawn", { detail: fresh }));
  }

  // After the questions of `data-confirm` (which capture), before everything else.
  document.addEventListener(
    "submit",
    (event) => {
      const form = /** @type {HTMLFormElement} */ (event.target);
      const section = qs(selector);
      if (event.defaultPrevented || !section?.contains(form) || !("quiet" in form.dataset)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void send(form, /** @type {HTMLButtonElement | null} */ (event.submitter)).then((done) => (done ? draw() : undefined));
    },
    { capture: true },
  );

  return {
    /** Draws it anew in a moment; what happens at once is drawn once. */
    soon() {
      clearTimeout(timer);
      timer = setTimeout(() => void draw(), 150);
    },
  };
}

/** Somebody who is typing or has picked a file is not disturbed. @param {HTMLElement} section */
function isInUse(section) {
  const picked = Array.from(section.querySelectorAll("input[type=file]")).some((input) => /** @type {HTMLInputElement} */ (input).files?.length);
  return picked || (section.contains(document.activeElement) && document.activeElement instanceof HTMLInputElement);
}

/** @param {HTMLFormElement} form @param {HTMLButtonElement | null} button */
async function send(form, button) {
  const fields = new FormData(form);
  if (button?.name) fields.append(button.name, button.value);
  const upload = form.enctype === "multipart/form-data";
  const body = upload ? fields : new URLSearchParams(/** @type {[string, string][]} */ ([...fields]));
  setPending(form, true);
  try {
    await request("POST", form.action, { body, timeout: upload ? UPLOAD_MS : undefined });
    form.reset();
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
    return true;
  } catch (error) {
    const problem = error instanceof Problem ? error : null;
    if (!problem || !showErrors(form, problem.errors)) toast(problem?.message ?? String(error), { kind: "error" });
    // Somebody else was faster, perhaps: what is true is shown.
    return problem?.status === 409 || problem?.status === 404;
  } finally {
    setPending(form, false);
  }
}
