// @ts-check
/** The list of applications by keys (j and k walk, x picks, Enter opens), and what of it is picked. All of it is optional. */
import { must, on, qs, qsa, setText } from "../core/dom.js";

const list = qs("[data-desk-list]");

const rows = () => qsa("[data-row]", list ?? undefined);
/** @param {Element} row */
const box = (row) => /** @type {HTMLInputElement} */ (must("input[name=application]", row));
const boxes = () => rows().map(box);

/** How many are picked, and what can be done with them. */
function count() {
  const picked = boxes().filter((b) => b.checked).length;
  const said = must("#picked-count");
  setText(said, picked ? (said.dataset.text ?? "").replace("%", String(picked)) : "");
  must("#bulk-hint").hidden = picked > 0;
  must("#bulk").toggleAttribute("data-picked", picked > 0);
  const all = /** @type {HTMLInputElement} */ (must("#pick-all"));
  all.checked = picked === boxes().length;
  all.indeterminate = picked > 0 && !all.checked;
  for (const row of rows()) row.toggleAttribute("data-picked", box(row).checked);
}

/** @param {number} by */
function walk(by) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
  const row = all[to];
  if (!row) return;
  must("[data-open]", row).focus();
  row.scrollIntoView({ block: "nearest" });
}

/** @param {KeyboardEvent} event */
function key(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.matches("textarea, select, input:not([type=checkbox])");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const row = rows().find((r) => r.contains(document.activeElement));
  switch (event.key) {
    case "j":
      walk(1);
      break;
    case "k":
      walk(-1);
      break;
    case "x":
      if (!row || event.repeat) return;
      box(row).checked = !box(row).checked;
      count();
      break;
    case "Enter":
      // A link opens by itself; on the box the key would send the form.
      if (!row || !target.matches("input[type=checkbox]")) return;
      must("[data-open]", row).click();
      break;
    default:
      return;
  }
  event.preventDefault();
}

if (list) {
  on("change", "input[name=application]", count, list);
  must("#pick-all").addEventListener("change", () => {
    const { checked } = /** @type {HTMLInputElement} */ (must("#pick-all"));
    for (const b of boxes()) b.checked = checked;
    count();
  });
  document.addEventListener("keydown", key);
  // The back button brings the boxes back as they were left.
  addEventListener("pageshow", count);
  count();
}
