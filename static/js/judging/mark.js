// @ts-check
/** Says on the page of an interview that it waits for a decision. */
import { must } from "../core/dom.js";
import { get } from "../core/http.js";

const mark = must("#judging-mark");

try {
  mark.hidden = !(await get(mark.dataset.of ?? "")).waits;
} catch {
  // The mark is a reminder only: the sheet says the same.
}
