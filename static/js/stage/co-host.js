// @ts-check
/** What changes on a page of the room for somebody who is named co-host, or is it no more. Their rights are with the server. */
import { qs, qsa } from "../core/dom.js";
import { t } from "../core/texts.js";
import { localiseTimes } from "../core/time.js";
import { toast } from "../core/toast.js";

/** Long enough to read why. */
const READ_MS = 2500;
/** A page that does not come is asked for again after these times. */
const AGAIN_MS = [1000, 4000, 10000];

/** What was said last is taken away by what contradicts it. */
let hush = () => {};
/** One after the other, so that what the server knew last is what stays. */
let turn = Promise.resolve();

/** @param {boolean} presents */
export function changed(presents) {
  const studio = qs("#studio");
  if (studio) {
    if (presents) return;
    toast(t("js-co-hosts-over"));
    // The page of before has buttons that do nothing any more.
    setTimeout(() => location.replace(`/rooms/${studio.dataset.room}`), READ_MS);
    return;
  }
  const link = /** @type {HTMLAnchorElement | null} */ (qs("#studio-link"));
  hush();
  if (!presents) hush = toast(t("js-co-hosts-over"));
  else if (link) hush = toast(t("js-co-hosts-named"), { action: t("js-co-hosts-open"), onAction: () => location.assign(link.href) });
  if (link) link.hidden = !presents;
  const hand = qs("#hand");
  hand?.toggleAttribute("data-presents", presents);
  if (hand) hand.hidden = presents || qs("#stage")?.dataset.status !== "live" || hand.hasAttribute("data-guest");
  turn = turn.then(renew);
}

/** Draws anew what only those who lead have (`data-lead`), as the server knows it by now. What somebody is writing is elsewhere. */
async function renew() {
  const fresh = await fetchPage();
  const [places, drawn] = [qsa("[data-lead]"), qsa("[data-lead]", fresh ?? undefined)];
  if (!fresh || places.length !== drawn.length) return;
  const presents = Boolean(qs("[data-questions][data-host]", fresh));
  for (const panel of qsa("[data-questions], [data-polls]")) panel.toggleAttribute("data-host", presents);
  places.forEach((place, n) => fill(place, /** @type {HTMLElement} */ (drawn[n])));
  document.dispatchEvent(new CustomEvent("room:lead", { detail: { presents } }));
}

async function fetchPage() {
  const room = qs("[data-chat]")?.dataset.chat;
  for (const wait of [0, ...AGAIN_MS]) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const answer = await fetch(`/rooms/${room}`, { headers: { Accept: "text/html" }, credentials: "same-origin", cache: "no-store" }).catch(() => null);
    const text = answer?.ok ? await answer.text().catch(() => "") : "";
    if (text) return new DOMParser().parseFromString(text, "text/html");
  }
  return null;
}

/** @param {HTMLElement} place @param {HTMLElement} fresh */
function fill(place, fresh) {
  if (place instanceof HTMLTemplateElement) return void (place.innerHTML = fresh.innerHTML);
  const [top, open] = [place.scrollTop, qsa("details[open]", place).map((part) => part.dataset.part)];
  const held = place.contains(document.activeElement) ? document.activeElement?.closest("[data-question]") : null;
  place.replaceChildren(...fresh.childNodes);
  for (const part of qsa("details[data-part]", place)) part.toggleAttribute("open", open.includes(part.dataset.part));
  localiseTimes(place);
  place.scrollTop = top;
  if (held instanceof HTMLElement) qs(`[data-question="${held.dataset.question}"] button`, place)?.focus();
}
