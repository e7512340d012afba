// @ts-check
/** Saves a sheet while it is filled in. Deciding stays with its button. */
import { must } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { formatTime } from "../core/time.js";

/** Short enough that little is lost, long enough that a sentence is one request. */
const PAUSE_MS = 1200;
const RETRY_MS = 8000;

const form = /** @type {HTMLFormElement} */ (must("#sheet"));
const said = must("#saved");
const flag = must("#notes-flag");
const version = /** @type {HTMLInputElement} */ (must("[name=version]", form));
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let unsaved = false;
let sending = false;
/** Somebody has to look at what the server says: its button shows it. */
let stopped = !form.hasAttribute("data-open");

/** @param {number} wait */
function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(() => void save(), wait);
}

async function save() {
  if (sending || stopped || !unsaved) return;
  [sending, unsaved] = [true, false];
  said.textContent = form.dataset.saving ?? "";
  try {
    const saved = await post(form.action, { ...Object.fromEntries(new FormData(form)), act: "save" });
    version.value = String(saved.version);
    said.textContent = `${form.dataset.saved} ${formatTime(new Date(saved.saved_at), "time")}`;
    flag.hidden = !saved.flagged;
    must("span", flag).textContent = (form.dataset.flag ?? "").replace("%", saved.flagged);
  } catch (error) {
    unsaved = true;
    stopped = error instanceof Problem && !error.temporary;
    said.textContent = error instanceof Problem && stopped ? error.message : (form.dataset.failed ?? "");
    later(RETRY_MS);
  } finally {
    sending = false;
    if (unsaved && !stopped) later(RETRY_MS);
  }
}

form.addEventListener("input", () => {
  unsaved = true;
  if (!sending) later(PAUSE_MS);
});
form.addEventListener("submit", () => {
  clearTimeout(timer);
  [unsaved, stopped] = [false, true];
});
addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
