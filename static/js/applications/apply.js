// @ts-check
/** The form of an application: kept on the device as it is typed, sent in the background, and without a network later. */
import { must, qs } from "../core/dom.js";
import { setPending, showErrors } from "../core/forms.js";
import { Problem } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { forget, load, save } from "./drafts.js";
import { send, watch } from "./later.js";

/** What belongs to the page rather than to the person. */
const OWN = new Set(["consent", "once", "account"]);
const form = /** @type {HTMLFormElement} */ (must("#apply"));
const { account = "", title = "", proven = "" } = form.dataset;
const path = new URL(form.action).pathname;

/** @param {boolean} waiting @returns {import("./drafts.js").Draft} */
function draft(waiting) {
  /** @type {Record<string, string>} */
  const fields = {};
  /** @type {Record<string, File>} */
  const files = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") fields[name] = value;
    else if (value.size) files[name] = value;
  }
  return { path, account, title, fields, files, waiting, at: Date.now() };
}

/** @param {import("./drafts.js").Draft} kept */
function restore(kept) {
  for (const input of /** @type {HTMLCollectionOf<HTMLInputElement>} */ (form.elements)) {
    if (!input.name || OWN.has(input.name)) continue;
    const file = kept.files[input.name];
    if (input.type === "file") {
      if (!file) continue;
      const list = new DataTransfer();
      list.items.add(file);
      input.files = list.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (input.type === "checkbox") input.checked = input.name in kept.fields;
    else input.value = kept.fields[input.name] ?? input.value;
  }
  must("#kept").hidden = false;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let saving;
const keep = () => save(draft(false)).catch((error) => console.warn("the draft was not kept", error));
const changed = () => {
  clearTimeout(saving);
  saving = setTimeout(keep, 300);
};

/** @param {boolean} shown */
function showWaiting(shown) {
  must("#waiting").hidden = !shown;
  form.hidden = shown;
}

/** @param {SubmitEvent} event */
async function submit(event) {
  if (form.hasAttribute("aria-busy")) return event.preventDefault();
  clearTimeout(saving);
  if (!proven) {
    // The code comes by a message, so there is nothing that could be sent later.
    if (navigator.onLine) return void keep();
    event.preventDefault();
    await keep();
    return toast(t("js-applications-offline-guest"), { kind: "error" });
  }
  event.preventDefault();
  const ready = draft(true);
  setPending(form, true);
  try {
    await save(ready).catch((error) => console.warn("the draft was not kept", error));
    location.assign(await send(ready));
  } catch (error) {
    setPending(form, false);
    if (!(error instanceof Problem)) throw error;
    if (error.temporary) {
      showWaiting(true);
      return watch();
    }
    await save({ ...ready, waiting: false });
    if (!showErrors(form, error.errors)) toast(error.message, { kind: "error" });
  }
}

form.addEventListener("submit", submit);
form.addEventListener("input", changed);
form.addEventListener("change", changed);
must("#kept button").addEventListener("click", async () => {
  await forget(account, path);
  location.reload();
});
must("#waiting button").addEventListener("click", async () => {
  await save(draft(false));
  showWaiting(false);
});

await ready;
const kept = await load(account, path).catch(() => undefined);
// What comes back with messages beside its fields is newer than what was kept.
if (kept && !qs("[aria-invalid=true]", form)) {
  restore(kept);
  if (kept.waiting) {
    showWaiting(true);
    watch();
  }
}
