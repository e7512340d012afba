// @ts-check
/** What the organisers announce, on top of rooms and lobby: as it comes, until it ends or the person has read it. */
import { announce, el, icon, must, on, qs, qsa } from "../core/dom.js";
import { get } from "../core/http.js";
import { skewOf } from "../core/skew.js";
import { lang, ready, t } from "../core/texts.js";

/** @typedef {{id: string, level: string, text_zh: string, text_en: string, ends_at: number | null}} Announced */

const bar = must("#announcements");
const KEY = "announcements-read";
/** Enough for a fair; older ones are over. */
const REMEMBERED = 50;
const SPREAD_MS = 4000;
const skew = skewOf(bar.dataset.at);
const SELDOM_MS = 10000;
let asked = 0;

/** @returns {string[]} */
function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {string} id */
function note(id) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...read(), id].slice(-REMEMBERED)));
  } catch {
    // A browser that keeps nothing shows it again on the next page.
  }
}

/** Takes away what is over or was read. */
function tidy() {
  const known = read();
  for (const one of qsa("[data-announced]", bar)) {
    const ends = Number(one.dataset.ends) || Infinity;
    if (known.includes(one.dataset.announced ?? "") || ends <= Date.now() + skew) one.remove();
  }
  bar.hidden = !qs("[data-announced]", bar);
}

/** @param {Announced} one */
function make(one) {
  const urgent = one.level === "urgent";
  const text = (lang === "en" && one.text_en) || one.text_zh;
  const dismiss = el("button", { className: "btn btn-icon btn-plain", type: "button", "data-dismiss": true, title: t("js-announcements-dismiss") }, icon("close"), el("span", { className: "visually-hidden", textContent: t("js-announcements-dismiss") }));
  const kind = urgent ? el("strong", { textContent: t("js-announcements-urgent") }) : el("span", { className: "visually-hidden", textContent: t("js-announcements-info") });
  announce(t("js-announcements-said", { text }), urgent);
  return el("div", { className: "announced", "data-announced": one.id, "data-level": one.level, "data-ends": one.ends_at }, icon(urgent ? "warning" : "bell"), el("p", {}, kind, ` ${text}`), dismiss);
}

/** @param {Announced[]} all what holds now */
function replace(all) {
  const known = read();
  for (const one of qsa("[data-announced]", bar)) if (!all.some(({ id }) => id === one.dataset.announced)) one.remove();
  // Newest first, as the server lists them.
  for (const one of [...all].reverse()) if (!known.includes(one.id) && !qs(`[data-announced="${one.id}"]`, bar)) bar.prepend(make(one));
  tidy();
}

on("click", "[data-dismiss]", (button) => {
  note(/** @type {HTMLElement} */ (button.closest("[data-announced]")).dataset.announced ?? "");
  tidy();
}, bar);
document.addEventListener("room:frame", (event) => {
  const frame = /** @type {CustomEvent} */ (event).detail;
  if (frame.type === "announcements") void ready.then(() => replace(frame.announcements));
});
document.addEventListener("lobby:announcements", (event) => void ready.then(() => replace(/** @type {CustomEvent} */ (event).detail)));
/** Asks what holds now, for a page that was away: pages that come back at the same time ask one after the other, and none every moment. */
export function refresh() {
  if (Date.now() - asked < SELDOM_MS) return;
  asked = Date.now();
  setTimeout(() => void get(bar.dataset.announcements ?? "").then((now) => replace(now.announcements), () => {}), Math.random() * SPREAD_MS);
}

setInterval(tidy, 5000);
tidy();
