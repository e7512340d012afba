// @ts-check
/** A seeker's place in line: kept true; once both have accepted, straight into the talk. */
import { qs } from "../core/dom.js";
import { ready } from "../core/texts.js";
import { keep } from "./live.js";
import { isNext } from "./next.js";
import { remember } from "./stands.js";
import { tellNext } from "./turn.js";

const ENDED = ["served", "left", "lapsed", "handed"];

/** @param {DOMStringMap} data */
const read = (data) => ({ state: data.state ?? "", position: Number(data.position) || null, wait_minutes: null });

/** @param {HTMLElement | null} section */
function note(section) {
  const room = section?.dataset.live?.split("/")[2];
  if (room) remember(room, !ENDED.includes(section?.dataset.state ?? ""));
}

await ready;
note(qs("#place"));
keep("#place", {
  told: true,
  changed(before, section) {
    note(section);
    if (isNext(read(before), read(section.dataset))) tellNext();
    if (before.state === "called" && section.dataset.state === "talking" && section.dataset.go) location.assign(section.dataset.go);
    // The end, and what comes after it, is a page of its own.
    if (ENDED.includes(section.dataset.state ?? "")) location.reload();
  },
});
// A screen that goes dark is no harm, but one that stays lit rings sooner.
void /** @type {any} */ (navigator).wakeLock?.request?.("screen").catch(() => {});
