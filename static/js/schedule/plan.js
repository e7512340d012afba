// @ts-check
/** The editor of a plan: rows that come and go, hours copied to other days, a preview that follows what is typed. Without it rows that are
 * left empty do not count, and the preview is a button. */
import { announce, must, on, qs, qsa } from "../core/dom.js";
import { request } from "../core/http.js";
import { t } from "../core/texts.js";
import { localiseTimes } from "../core/time.js";

/** Long enough that somebody who types a time is done with it. */
const PAUSE_MS = 700;

const form = /** @type {HTMLFormElement} */ (qs("#plan"));

/** @param {HTMLElement} row */
const inputs = (row) => /** @type {(HTMLInputElement | HTMLSelectElement)[]} */ (qsa("input[type=time], input[type=date], select", row));

/** @param {HTMLElement} row */
function clear(row) {
  for (const input of inputs(row)) {
    if (input instanceof HTMLInputElement) input.value = "";
    else input.selectedIndex = 0;
    input.removeAttribute("aria-invalid");
  }
}

/** A blank copy of the spare row of `holder`, before it. @param {HTMLElement} holder @returns {HTMLElement} */
function add(holder) {
  const spare = must("[data-spare]", holder);
  const row = /** @type {HTMLElement} */ (spare.cloneNode(true));
  delete row.dataset.spare;
  row.hidden = false;
  clear(row);
  spare.before(row);
  return row;
}

/** Whether a day is off. @param {HTMLElement} day */
function showOff(day) {
  must(".plan-off", day).hidden = qsa(".plan-range:not([data-spare])", day).length > 0;
}

/** @param {HTMLElement} row @returns {string[]} */
const values = (row) => inputs(row).map(({ value }) => value);

/** What follows the last stretch of a day, as people plan: an hour's break, then four hours. @param {HTMLElement} day */
function next(day) {
  const last = qsa(".plan-range:not([data-spare])", day).map((row) => values(row)[1] ?? "").filter(Boolean).sort().pop();
  if (!last) return ["09:00", "12:00"];
  const hour = Number(last.slice(0, 2)) + 1;
  const clock = (/** @type {number} */ h) => `${String(h).padStart(2, "0")}:${last.slice(3)}`;
  return hour + 3 < 24 ? [clock(hour), clock(hour + 3)] : ["", ""];
}

/** @param {HTMLElement} row @param {string[]} all */
function fill(row, all) {
  inputs(row).forEach((input, n) => (input.value = all[n] ?? ""));
}

function enhanceDays() {
  for (const day of qsa(".plan-day", form)) {
    must("[data-spare]", day).hidden = true;
    showOff(day);
  }
  on("click", "[data-add]", (button) => {
    const day = /** @type {HTMLElement} */ (button.closest(".plan-day"));
    const times = next(day);
    const row = add(day);
    fill(row, times);
    showOff(day);
    inputs(row)[0]?.focus();
    changed();
  }, form);
  on("click", "[data-remove]", (button) => {
    const day = /** @type {HTMLElement} */ (button.closest(".plan-day"));
    button.closest(".plan-range")?.remove();
    showOff(day);
    qs("[data-add]", day)?.focus();
    changed();
  }, form);
  on("click", "[data-copy-day]", (button) => {
    const day = /** @type {HTMLElement} */ (button.closest(".plan-day"));
    const rows = qsa(".plan-range:not([data-spare])", day).map(values);
    // To the days from Monday to Friday; the weekend is planned by hand.
    for (const other of qsa(".plan-day", form)) {
      if (other === day || Number(other.dataset.day) > 5) continue;
      qsa(".plan-range:not([data-spare])", other).forEach((row) => row.remove());
      for (const row of rows) fill(add(other), row);
      showOff(other);
    }
    announce(t("js-plans-copied"));
    changed();
  }, form);
}

function enhanceExceptions() {
  const holder = must("#exceptions", form);
  qsa("[data-spare]", holder).forEach((row) => (row.hidden = true));
  must("#add-exception", form).addEventListener("click", () => inputs(add(holder))[0]?.focus());
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {AbortController | undefined} */
let running;

function changed() {
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Shows the slots of what is typed; while something is wrong the last ones stay, a little paler. */
async function look() {
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  const here = must("#preview");
  const body = new URLSearchParams();
  new FormData(form).forEach((value, name) => body.append(name, String(value)));
  try {
    const answer = await request("POST", form.dataset.preview ?? "", { body, headers: { Accept: "text/html" }, signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = qs("#preview", page);
    if (signal.aborted || !fresh) return;
    here.replaceChildren(...Array.from(fresh.childNodes, (node) => document.importNode(node, true)));
    here.classList.remove("is-stale");
    localiseTimes(here);
  } catch {
    if (!signal.aborted) here.classList.add("is-stale");
  }
}

/** For whom a row is matters once there are several. */
function showWho() {
  const people = qsa("[name=person]:checked", form).length;
  form.toggleAttribute("data-alone", people < 2);
}

if (form) {
  enhanceDays();
  enhanceExceptions();
  showWho();
  on("change", "[name=person]", showWho, form);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
}
