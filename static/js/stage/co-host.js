// @ts-check
/** What changes on a page of the room for somebody who is named co-host, or is it no more. Their rights are with the server. */
import { qs } from "../core/dom.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** Long enough to read why. */
const READ_MS = 2500;

/** @param {boolean} presents */
export function changed(presents) {
  const studio = qs("#studio");
  const link = /** @type {HTMLAnchorElement | null} */ (qs("#studio-link"));
  if (presents) {
    if (studio || !link) return;
    link.hidden = false;
    const hand = qs("#hand");
    if (hand) hand.hidden = true;
    toast(t("js-co-hosts-named"), { action: t("js-co-hosts-open"), onAction: () => location.assign(link.href) });
    return;
  }
  toast(t("js-co-hosts-over"));
  // The page of before has buttons that do nothing any more.
  if (studio) setTimeout(() => location.replace(`/rooms/${studio.dataset.room}`), READ_MS);
  else if (qs("[data-questions][data-host]")) setTimeout(() => location.reload(), READ_MS);
  if (link) link.hidden = true;
}
