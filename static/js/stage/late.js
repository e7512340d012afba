// @ts-check
/** What few viewers need of a room is loaded when they do: raising a hand, going on stage, captions. */
import { qs } from "../core/dom.js";

/** After a restart everybody is greeted at once: whom it hardly concerns asks within this time, well before an invitation runs out. */
const SPREAD_MS = 10000;

export function enhanceHand() {
  const form = qs("#hand");
  if (!form) return;
  let loaded = false;
  const hand = () => {
    loaded = true;
    return import("./hand.js");
  };
  const concerns = () => loaded || form.hasAttribute("data-guest") || form.dataset.hand !== "0";
  const ask = () => void hand().then((module) => module.ask());
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  let live = qs("#stage")?.hasAttribute("data-live") ?? false;
  let greeted = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    void hand().then(({ toggle }) => toggle());
  });
  document.addEventListener("room:yours", ask);
  document.addEventListener("room:presence", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail.live === live) return;
    live = detail.live;
    form.hidden = !live || form.matches("[data-guest], [data-presents]");
  });
  document.addEventListener("room:welcome", (event) => {
    const { you } = /** @type {CustomEvent} */ (event).detail;
    form.toggleAttribute("data-nameless", !you);
    // What was told while the socket was away is asked for.
    clearTimeout(later);
    if (you && greeted) {
      if (concerns()) ask();
      else later = setTimeout(ask, Math.random() * SPREAD_MS);
    }
    greeted = true;
  });
  if (concerns()) ask();
}

/** Somebody is named co-host, or is it no more: told, or found when the page comes back after that was told. */
export function enhanceCoHost() {
  /** @type {boolean | undefined} */
  let leads;
  const tell = (/** @type {boolean} */ presents) => {
    // Hosts have neither: what they may do is theirs by role.
    if (!qs("#hand, #studio[data-co-host]")) return;
    leads ??= Boolean(qs("#hand[data-presents], #studio[data-co-host]"));
    if (presents === leads) return;
    leads = presents;
    void import("./co-host.js").then(({ changed }) => changed(presents));
  };
  document.addEventListener("room:entry", (event) => {
    const { type, account, presents } = /** @type {CustomEvent} */ (event).detail;
    if (type === "co-host" && account === qs("[data-chat]")?.dataset.account) tell(presents);
  });
  document.addEventListener("room:welcome", (event) => {
    const { can } = /** @type {CustomEvent} */ (event).detail;
    if (can) tell(can.present);
  });
}

export function enhanceCaptions() {
  const show = (/** @type {string[] | undefined} */ lines) => lines?.length && void import("./captions.js").then(({ showCaptions }) => showCaptions(lines));
  document.addEventListener("room:caption", (event) => void show(/** @type {CustomEvent} */ (event).detail.lines), { once: true });
  document.addEventListener("room:welcome", (event) => void show(/** @type {CustomEvent} */ (event).detail.captions), { once: true });
}
