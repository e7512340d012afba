// @ts-check
/** The calendar of interviews: the viewer's own times where the clocks differ, and the keys. */
import { must, on, qs, qsa } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { enhanceMoves } from "./move.js";
import { ownZone, there } from "./zones.js";

const page = must("#agenda");

/** Adds the viewer's own time to every interview that begins at another time on their clock. */
function addOwnTimes() {
  const zone = page.dataset.zone ?? "UTC";
  let differs = false;
  for (const element of qsa("[data-start]", page)) {
    const own = there(new Date(element.dataset.start ?? ""), zone);
    const place = qs(".agenda-own", element.closest("li") ?? element);
    if (!own || !place) continue;
    differs = true;
    place.textContent = t("js-agenda-own", { time: own });
    place.hidden = false;
  }
  const note = must("#own-zone");
  note.hidden = !differs;
  if (differs) note.textContent = t("js-agenda-own-zone", { zone: ownZone() });
}

/** The interviews of the table as they stand in columns, each from early to late. */
function columns() {
  /** @type {HTMLElement[][]} */
  const found = [];
  for (const row of qsa("tbody tr", page)) qsa("td", row).forEach((cell, n) => (found[n] ??= []).push(...qsa(".agenda-chip", cell)));
  return found;
}

/** Only one interview is in the order of the tab key; arrows lead to the others. */
function rove() {
  const chips = qsa(".agenda .agenda-chip", page);
  chips.forEach((chip, n) => (chip.tabIndex = n === 0 ? 0 : -1));
}

/** @param {HTMLElement} chip */
function focus(chip) {
  for (const other of qsa(".agenda .agenda-chip[tabindex='0']", page)) other.tabIndex = -1;
  chip.tabIndex = 0;
  chip.focus();
}

/**
 * The interview to which a key leads from another one.
 * @param {HTMLElement} from
 * @param {string} key
 */
function next(from, key) {
  const all = columns();
  const at = all.findIndex((column) => column.includes(from));
  const column = all[at] ?? [];
  const place = column.indexOf(from);
  if (key === "Home") return column[0];
  if (key === "End") return column[column.length - 1];
  if (key === "ArrowDown") return column[place + 1];
  if (key === "ArrowUp") return column[place - 1];
  const step = key === "ArrowRight" ? 1 : -1;
  for (let n = at + step; n >= 0 && n < all.length; n += step) {
    const near = nearest(all[n] ?? [], from);
    if (near) return near;
  }
  return undefined;
}

/**
 * What stands closest in height to an interview of another column.
 * @param {HTMLElement[]} column
 * @param {HTMLElement} from
 */
function nearest(column, from) {
  const top = from.getBoundingClientRect().top;
  const far = (/** @type {HTMLElement} */ chip) => Math.abs(chip.getBoundingClientRect().top - top);
  return column.reduce((/** @type {HTMLElement | undefined} */ best, chip) => (!best || far(chip) < far(best) ? chip : best), undefined);
}

on("keydown", ".agenda .agenda-chip", (chip, event) => {
  const { key, altKey, ctrlKey, metaKey } = /** @type {KeyboardEvent} */ (event);
  if (altKey || ctrlKey || metaKey || !["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].includes(key)) return;
  event.preventDefault();
  const found = next(chip, key);
  if (found) focus(found);
});
on("focusin", ".agenda .agenda-chip", (chip) => {
  if (chip.tabIndex < 0) focus(chip);
});

/** Keys that turn the pages of the calendar, unless somebody types. @type {Record<string, string>} */
const TURNS = { PageUp: "#before", PageDown: "#after", t: "#today" };
document.addEventListener("keydown", (event) => {
  const link = TURNS[event.key];
  const from = /** @type {Element | null} */ (event.target);
  if (!link || event.altKey || event.ctrlKey || event.metaKey || from?.closest("input, select, textarea, dialog")) return;
  if (event.key !== "t" && !from?.closest(".agenda")) return;
  event.preventDefault();
  must(link).click();
});

rove();
void ready.then(() => {
  addOwnTimes();
  enhanceMoves();
});
