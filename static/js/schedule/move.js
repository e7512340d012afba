// @ts-check
/** Moving an interview within the calendar: dragged to another hour, or by the key M. Both open the form of the page for it in a dialog, where
 * the time is chosen among the free ones and a word is said why; nothing is moved by the drag alone. */
import { announce, el, must, on, qs, qsa } from "../core/dom.js";
import { Problem, request } from "../core/http.js";
import { t } from "../core/texts.js";
import { localiseTimes } from "../core/time.js";
import { toast } from "../core/toast.js";

/**
 * The form for moving an interview, as its page has it.
 * @param {string} interview path of its page
 * @param {string} at an instant near which a time is wanted
 */
async function formOf(interview, at) {
  const answer = await request("GET", `${interview}/moves?at=${encodeURIComponent(at)}`, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const form = qs("#move", page);
  if (!form) throw new Problem({ status: 409, detail: t("js-booking-move-late") });
  return /** @type {HTMLFormElement} */ (document.importNode(form, true));
}

/**
 * Asks to which time and why, and moves it.
 * @param {string} interview
 * @param {string} at
 * @param {HTMLElement} [from] where the focus goes back to
 */
export async function move(interview, at, from) {
  /** @type {HTMLFormElement} */
  let form;
  try {
    form = await formOf(interview, at);
  } catch (error) {
    if (error instanceof Problem) toast(error.message, { kind: "error" });
    return;
  }
  const error = el("p", { className: "field-error", role: "alert", hidden: true });
  const dialog = el("dialog", { className: "dialog move-dialog", "aria-labelledby": "move-title" }, el("h2", { id: "move-title", textContent: t("js-booking-move") }), error, form);
  const keep = must(".toolbar a", form);
  keep.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(interview, form, error);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    from?.focus();
  });
  document.body.append(dialog);
  localiseTimes(dialog);
  dialog.showModal();
  const chosen = qs("input[name=slot]:checked", dialog) ?? qs("input[name=slot]", dialog);
  chosen?.focus();
  chosen?.closest(".choose-day")?.scrollIntoView({ block: "center" });
}

/**
 * @param {string} interview
 * @param {HTMLFormElement} form
 * @param {HTMLElement} error
 */
async function send(interview, form, error) {
  const button = /** @type {HTMLButtonElement} */ (must("#move-submit", form));
  button.disabled = true;
  const data = Object.fromEntries(new FormData(form));
  try {
    const moved = await (await request("POST", `${interview}/moves`, { json: data })).json();
    const day = new Date(moved.starts_at).toLocaleDateString("sv", { timeZone: must("#agenda").dataset.zone });
    const to = new URL(location.href);
    to.searchParams.set("day", day);
    sessionStorage.setItem("moved", t("js-booking-moved"));
    location.assign(to);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    error.textContent = problem.message;
    error.hidden = false;
    button.disabled = false;
    announce(problem.message, true);
  }
}

const MOVABLE = ".agenda .agenda-chip[draggable=true]";
/** What is being dragged. @type {HTMLElement | undefined} */
let dragged;

/** Marks the hours in which there is a free time. @param {string} interview @param {string} at */
async function showFree(interview, at) {
  const form = await formOf(interview, at).catch(() => undefined);
  if (!form || !dragged) return;
  const free = qsa("time[datetime]", must("#choose", form)).map((time) => Date.parse(time.getAttribute("datetime") ?? ""));
  for (const cell of qsa(".agenda td[data-at]")) {
    const start = Date.parse(cell.dataset.at ?? "");
    const count = free.filter((time) => time >= start && time < start + 3_600_000).length;
    cell.classList.toggle("is-free", count > 0);
  }
}

export function enhanceMoves() {
  on("dragstart", MOVABLE, (chip, event) => {
    const { dataTransfer } = /** @type {DragEvent} */ (event);
    dragged = chip;
    chip.classList.add("is-dragged");
    if (dataTransfer) {
      dataTransfer.effectAllowed = "move";
      dataTransfer.setData("text/plain", chip.getAttribute("href") ?? "");
    }
    const first = qs(".agenda tbody td[data-at]");
    void showFree(chip.getAttribute("href") ?? "", first?.dataset.at ?? chip.dataset.start ?? "");
  });
  on("dragend", MOVABLE, (chip) => {
    dragged = undefined;
    chip.classList.remove("is-dragged");
    qsa(".agenda td.is-free, .agenda td.is-over").forEach((cell) => cell.classList.remove("is-free", "is-over"));
  });
  on("dragover", ".agenda td[data-at]", (cell, event) => {
    if (!dragged) return;
    event.preventDefault();
    if (cell.classList.contains("is-over")) return;
    qsa(".agenda td.is-over").forEach((other) => other.classList.remove("is-over"));
    cell.classList.add("is-over");
  });
  on("drop", ".agenda td[data-at]", (cell, event) => {
    event.preventDefault();
    if (dragged) void move(dragged.getAttribute("href") ?? "", cell.dataset.at ?? "", dragged);
  });
  on("keydown", MOVABLE, (chip, event) => {
    const { key, altKey, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event);
    if (altKey || ctrlKey || metaKey || key.toLowerCase() !== "m") return;
    event.preventDefault();
    void move(chip.getAttribute("href") ?? "", chip.dataset.start ?? "", chip);
  });
  const said = sessionStorage.getItem("moved");
  if (said) {
    sessionStorage.removeItem("moved");
    toast(said, { kind: "success" });
  }
}
