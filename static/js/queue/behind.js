// @ts-check
/** Who waits behind a talk, for the recruiter in it: how many, how long, who would be next, and whether the time grows by itself. */
import { must, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { follow } from "./follow.js";

/** @typedef {{waiting: number, ready: number, longest: number | null, next: string | null, grows: boolean}} Behind */

const box = must("#behind");

/** @param {Behind} now */
function show(now) {
  setText(must("[data-waiting]", box), now.waiting ? t("js-queue-behind", { n: now.waiting, m: now.longest ?? 0 }) : t("js-queue-behind-none"));
  const next = now.next ? t("js-queue-behind-next", { name: now.next }) : now.waiting ? t("js-queue-behind-away") : "";
  setText(must("[data-next]", box), next);
  setText(must("[data-grows]", box), now.grows ? t("js-queue-behind-grows") : "");
  box.hidden = false;
  const take = /** @type {HTMLButtonElement | null} */ (qs("#take-next"));
  if (!take) return;
  take.disabled = now.ready === 0;
  setText(must("span", take), now.next ? t("js-queue-behind-take", { name: now.next }) : t("js-queue-behind-take-any"));
}

await ready;
follow(box.dataset.room ?? "", "desk/next", show, () => (box.hidden = true));
