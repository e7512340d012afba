// @ts-check
/** Fetches what questions, polls and announcements need once somebody opens them or something of them happens: most visits do without. */
import { on, qs, qsa } from "../core/dom.js";
import { select } from "../core/tabs.js";

/** @type {Record<string, () => Promise<any>>} */
const PARTS = {
  questions: () => import("../questions/panel.js"),
  polls: () => import("../polls/panel.js"),
  announcements: () => import("../announcements/bar.js"),
};
/** Who understands what the room tells. @type {Record<string, string>} */
const FOR = { question: "questions", "question-votes": "questions", "questions-waiting": "questions", poll: "polls", "poll-votes": "polls", announcements: "announcements" };
/** @type {Map<string, Promise<any>>} */
const asked = new Map();
/** @type {Set<string>} */
const here = new Set();
/** Who the server takes the viewer for, and how often it has said so. @type {any} */
let you = null;
let welcomes = 0;

/** Within this time of a page what it shows is taken for true. */
const FRESH_MS = 5000;
/** Pages that come back at the same time ask one after the other. */
const SPREAD_MS = 4000;

/** @param {string} part */
function load(part) {
  const known = asked.get(part);
  if (known) return known;
  const coming = (PARTS[part]?.() ?? Promise.resolve()).then((module) => {
    here.add(part);
    if (you) document.dispatchEvent(new CustomEvent("room:named-already", { detail: { you } }));
    return module;
  });
  // A network that failed may work the next time.
  coming.catch(() => asked.delete(part));
  asked.set(part, coming);
  return coming;
}

for (const type of ["room:entry", "room:frame"]) {
  document.addEventListener(type, (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    const isOwn = (detail.type === "purged" || detail.type === "restored-all") && detail.target === you?.account;
    const part = isOwn ? "questions" : FOR[detail.type];
    // Told again to whoever was not there yet.
    if (part && !here.has(part)) void load(part).then(() => document.dispatchEvent(new CustomEvent(type, { detail })));
  });
}
document.addEventListener("room:welcome", (event) => {
  you = /** @type {CustomEvent} */ (event).detail.you ?? you;
  // What is announced is no entry: a page that was away must ask.
  if (welcomes++ || performance.now() > FRESH_MS) void load("announcements").then((bar) => bar.refresh());
});
// What was missed is not told any more: whoever was away for so long asks, also for what had not been loaded yet.
document.addEventListener("room:gap", () => {
  const wanted = ["questions", "polls"].filter((part) => qs(`[data-${part}]`));
  setTimeout(() => wanted.forEach((part) => void load(part).then((module) => module.refresh(true), () => {})), Math.random() * SPREAD_MS);
});
for (const holder of qsa("[data-tabs]")) holder.addEventListener("tabchange", (event) => void load(/** @type {CustomEvent} */ (event).detail));
on("focusin", "[data-questions]", () => void load("questions"));
on("focusin", "[data-polls]", () => void load("polls"));
on("click", "[data-show-tab]", (link, event) => {
  const { ctrlKey, metaKey, shiftKey } = /** @type {MouseEvent} */ (event);
  const tab = link.dataset.showTab ?? "";
  const holder = qsa("[data-tabs]").find((each) => qs(`[data-tab="${tab}"]`, each));
  if (ctrlKey || metaKey || shiftKey || !holder) return;
  event.preventDefault();
  if (document.fullscreenElement) void document.exitFullscreen();
  select(holder, tab);
  const panel = qs(`#panel-${tab}`);
  if (panel) panel.tabIndex = -1;
  panel?.focus();
});
const lead = () => qs("[data-questions][data-host]") && ["questions", "polls"].forEach((part) => void load(part));
document.addEventListener("room:lead", lead);
lead();
if (qs("[data-announced]")) void load("announcements");
