// @ts-check
/** The frame of a fair: the hours of one day copied to all days. */
import { announce, must, on, qsa } from "../core/dom.js";
import { t } from "../core/texts.js";

const form = must("#frame");

/** @param {ParentNode} day */
const times = (day) => /** @type {HTMLInputElement[]} */ (qsa("input[type=time]", day));

on("click", "[data-copy-frame]", (button) => {
  const day = /** @type {HTMLElement} */ (button.closest(".plan-day"));
  const values = times(day).map(({ value }) => value);
  for (const other of qsa(".plan-day", form)) {
    if (other === day) continue;
    const holder = must(".plan-ranges", other);
    while (times(other).length < values.length) holder.append(must(".plan-range", other).cloneNode(true));
    times(other).forEach((input, n) => (input.value = values[n] ?? ""));
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
  announce(t("js-plans-copied"));
}, form);
