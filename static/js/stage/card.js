// @ts-check
/** The posting on stage. */
import { announce, el, must, qsa, setText } from "../core/dom.js";
import { lang, t } from "../core/texts.js";

/** @typedef {import("./feed.js").Card} Card */

/** What is shown, as JSON: the same card is not shown anew. */
let shown = "";

/**
 * @param {string} room
 * @param {Card | null} card
 */
export function showCard(room, card) {
  const next = JSON.stringify(card);
  if (next === shown) return;
  const first = shown === "";
  shown = next;
  const box = must("#spotlight");
  for (const posting of qsa("[data-posting]")) posting.toggleAttribute("data-on-stage", posting.dataset.posting === card?.posting);
  if (!card) {
    box.hidden = true;
    return;
  }
  const part = (/** @type {string} */ name) => must(`[data-card=${name}]`, box);
  const english = lang === "en";
  const title = (english && card.title_en) || card.title_zh || card.title_en;
  const pay = (english && card.pay_en) || card.pay_zh;
  setText(part("title"), title);
  setText(part("pay"), pay);
  setText(part("place"), (english && card.place_en) || card.place_zh);
  part("title").setAttribute("href", `/postings/${card.posting}`);
  part("apply").setAttribute("href", `/postings/${card.posting}/apply?room=${room}`);
  const facts = english && card.facts_en.length ? card.facts_en : card.facts_zh;
  part("facts").replaceChildren(...facts.map((fact) => el("li", { className: "tag", textContent: fact })));
  // Shown anew, so that it comes in moving; what stood there when the page was loaded is already seen.
  if (!box.hidden) box.hidden = true;
  requestAnimationFrame(() => (box.hidden = false));
  if (!first) announce(t("js-stage-on-stage", { title, pay }));
}
