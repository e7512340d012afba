// @ts-check
/** What few viewers need of a room is loaded when they do: raising a hand, going on stage, captions. */
import { qs } from "../core/dom.js";

export function enhanceHand() {
  const form = qs("#hand");
  if (!form) return;
  const hand = () => import("./hand.js");
  let live = qs("#stage")?.hasAttribute("data-live") ?? false;
  let greeted = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    void hand().then(({ toggle }) => toggle());
  });
  document.addEventListener("room:yours", () => void hand().then(({ ask }) => ask()));
  document.addEventListener("room:presence", (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    if (detail.live === live) return;
    live = detail.live;
    form.hidden = !live || form.hasAttribute("data-guest");
  });
  document.addEventListener("room:welcome", (event) => {
    const { you } = /** @type {CustomEvent} */ (event).detail;
    form.toggleAttribute("data-nameless", !you);
    // What was told while the socket was away is asked for.
    if (you && greeted) void hand().then(({ ask }) => ask());
    greeted = true;
  });
  if (form.hasAttribute("data-guest") || form.dataset.hand !== "0") void hand().then(({ ask }) => ask());
}

export function enhanceCaptions() {
  const show = (/** @type {string[] | undefined} */ lines) => lines?.length && void import("./captions.js").then(({ showCaptions }) => showCaptions(lines));
  document.addEventListener("room:caption", (event) => void show(/** @type {CustomEvent} */ (event).detail.lines), { once: true });
  document.addEventListener("room:welcome", (event) => void show(/** @type {CustomEvent} */ (event).detail.captions), { once: true });
}
