// @ts-check
/** The recruiter's desk: kept true, a ping for who lines up, the key `n` for the next one, straight into the talk once both have accepted. */
import { announce, qs } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { keep } from "./live.js";
import { ping } from "./ring.js";

await ready;
keep("#line", {
  changed(before, section) {
    const { state, go } = section.dataset;
    if (before.state === "called" && state === "talking" && go) location.assign(go);
    const { handed, handedName = "" } = section.dataset;
    if (handed && handed !== before.handed) {
      ping();
      const text = t("js-queue-handed-here", { name: handedName });
      announce(text);
      toast(text);
    } else if (!state && Number(section.dataset.waiting) > Number(before.waiting)) {
      ping();
      toast(t("js-queue-joined"));
    }
  },
});

document.addEventListener("keydown", (event) => {
  const inField = event.target instanceof Element && event.target.closest("input, textarea, select, dialog");
  if (event.key.toLowerCase() !== "n" || event.ctrlKey || event.metaKey || event.altKey || event.repeat || inField) return;
  const next = /** @type {HTMLButtonElement | null} */ (qs("#next"));
  if (next && !next.disabled) next.click();
});
