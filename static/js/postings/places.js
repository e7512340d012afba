// @ts-check
// Adds and takes out the rows of further places without sending the form.
import { on, qs, qsa } from "../core/dom.js";

const MOST = 9;
const box = /** @type {HTMLElement} */ (document.getElementById("places"));
const rows = /** @type {HTMLElement} */ (qs("[data-places]", box));
const add = /** @type {HTMLButtonElement} */ (qs("[value=add-place]", box));
const blank = /** @type {HTMLTemplateElement} */ (qs("template", box));

/** Numbers that no row has. @returns {number | undefined} */
function free() {
  const taken = new Set(qsa("[data-place]", rows).map((row) => Number(row.dataset.place)));
  return Array.from({ length: MOST }, (_, i) => i + 2).find((n) => !taken.has(n));
}

function changed() {
  add.hidden = free() === undefined;
  rows.dispatchEvent(new Event("input", { bubbles: true }));
}

add.addEventListener("click", (event) => {
  event.preventDefault();
  const number = free();
  if (!number) return;
  const shell = document.createElement("div");
  // The row is the server's own, in which the number is 0.
  shell.append(blank.content.cloneNode(true));
  for (const part of qsa("[id], [for], [name], [aria-describedby], [data-place]", shell)) {
    for (const attribute of ["id", "for", "name", "aria-describedby"]) {
      const value = part.getAttribute(attribute);
      if (value) part.setAttribute(attribute, value.replace("place0_", `place${number}_`));
    }
    if (part.dataset.place) part.dataset.place = String(number);
  }
  const legend = qs("legend", shell);
  if (legend) legend.textContent = (legend.textContent ?? "").replace("0", String(number));
  rows.append(...shell.children);
  changed();
  document.getElementById(`place${number}_region`)?.focus();
});

on("click", "[data-place] [value^=drop-place]", (button, event) => {
  event.preventDefault();
  button.closest("[data-place]")?.remove();
  changed();
  if (!add.hidden) add.focus();
});
