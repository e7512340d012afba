// @ts-check
/** A seeker's place in line: kept true; once both have accepted, straight into the talk. */
import { ready } from "../core/texts.js";
import { keep } from "./live.js";

await ready;
keep("#place", {
  changed(before, section) {
    if (before.state === "called" && section.dataset.state === "talking" && section.dataset.go) location.assign(section.dataset.go);
    // The end, and what comes after it, is a page of its own.
    if (["served", "left", "lapsed", "handed"].includes(section.dataset.state ?? "")) location.reload();
  },
});
// A screen that goes dark is no harm, but one that stays lit rings sooner.
void /** @type {any} */ (navigator).wakeLock?.request?.("screen").catch(() => {});
