// @ts-check
/** The list of questions on the page: each once, in its part, and the one on air below the picture. */
import { announce, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { fillItem, makeItem, setVotes } from "./item.js";
import { byWish } from "./order.js";

/** @typedef {import("./item.js").Question} Question */

/** The part of the list in which a state stands. @type {Record<string, string>} */
const PARTS = { waiting: "waiting", open: "asked", answering: "asked", answered: "answered", dismissed: "dismissed" };

export class List {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.panel = panel;
    this.room = panel.dataset.questions ?? "";
    this.blank = /** @type {HTMLTemplateElement} */ (must("[data-ask-blank]", panel));
    this.card = qs("#answering");
    this.#count();
  }

  /** The server has drawn the list anew. */
  drawn() {
    this.sort(true);
    this.#count();
  }

  /** @param {string} id */
  item(id) {
    return qs(`.ask[data-question="${id}"]`, this.panel);
  }

  /** The list of a state's part. @param {string} state */
  part(state) {
    const part = qs(`[data-part="${PARTS[state] ?? ""}"]`, this.panel);
    return part?.matches("ul") ? part : part && must("ul", part);
  }

  /** @param {Question} question new, or changed; without a text it is gone */
  put(question) {
    const known = this.item(question.question);
    if (!question.text) return this.#hide(question, known);
    const list = this.part(question.state);
    if (!list) return known?.remove();
    const item = known ?? makeItem(this.blank, this.room, question);
    const before = known?.dataset.state;
    fillItem(item, question);
    if (!known || PARTS[before ?? ""] !== PARTS[question.state]) {
      if (question.state === "waiting") list.append(item);
      else list.prepend(item);
    }
    if (question.state === "open" || question.state === "answering") this.sort(!known || before !== question.state);
    this.#show(question);
    this.#count();
  }

  /** @param {Question} question @param {HTMLElement | null} known what it said stays with hosts, who may undo it */
  #hide(question, known) {
    const list = this.part("dismissed");
    if (known && list && question.state === "dismissed") {
      known.dataset.state = "dismissed";
      list.prepend(known);
    } else known?.remove();
    this.#show(question);
    this.#count();
  }

  /** The list does not move under a finger; `now` after something that the person waits to see. @param {boolean} [now] */
  sort(now = false) {
    const list = this.part("open");
    if (!list || (!now && list.matches(":hover, :focus-within"))) return;
    const items = qsa(".ask", list);
    const sorted = [...items].sort(byWish);
    if (sorted.some((item, n) => item !== items[n])) list.append(...sorted);
  }

  /** @param {[string, number][]} votes */
  count(votes) {
    for (const [id, number] of votes) {
      const item = this.item(id);
      if (item) setVotes(item, number);
      if (this.card?.dataset.question === id) setText(qs("[data-votes]", this.card), number ? `+${number}` : "");
    }
    this.sort();
  }

  /** @param {{asked: Question[], answered: Question[], waiting: Question[], dismissed: Question[]}} all as the server knows it */
  replace({ asked, answered, waiting, dismissed }) {
    const all = [...waiting, ...asked, ...answered.reverse(), ...dismissed.reverse()];
    const ids = new Set(all.map((question) => question.question));
    for (const item of qsa(".ask", this.panel)) if (!ids.has(item.dataset.question ?? "")) item.remove();
    if (this.card && !asked.some(({ state }) => state === "answering")) this.card.hidden = true;
    all.forEach((question) => this.put(question));
    this.#count();
  }

  /** @param {Question} question */
  #show(question) {
    const { card } = this;
    if (!card) return;
    if (question.state !== "answering") {
      if (card.dataset.question === question.question) card.hidden = true;
      return;
    }
    if (card.dataset.question !== question.question || card.hidden) announce(t("js-questions-on-air", { text: question.text }));
    card.dataset.question = question.question;
    setText(qs("[data-text]", card), question.text);
    setText(qs("[data-name]", card), question.name);
    setText(qs("[data-votes]", card), question.votes ? `+${question.votes}` : "");
    card.hidden = false;
  }

  #count() {
    const asked = qsa(".ask", this.part("open") ?? undefined).length;
    must("[data-none]", this.panel).hidden = asked > 0;
    for (const part of qsa(".asks-part", this.panel)) {
      const here = qsa(".ask", part).length;
      part.hidden = here === 0;
      setText(qs("[data-n]", part), String(here));
    }
    for (const number of qsa("[data-questions-count]")) {
      setText(number, String(asked));
      number.hidden = asked === 0;
    }
    const waiting = qsa(".ask", this.part("waiting") ?? undefined).length;
    for (const badge of qsa("[data-questions-waiting]")) {
      setText(qs(".count", badge), String(waiting));
      badge.hidden = waiting === 0;
    }
    const onAir = qs('.ask[data-state="answering"]', this.panel);
    if (this.card && onAir) this.card.dataset.question = onAir.dataset.question;
  }
}
