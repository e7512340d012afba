// @ts-check
/** What can be chosen while one types: names after `@`, and for hosts their quick answers after `/`. The focus stays in the text. */
import { announce, el, qs, qsa } from "../core/dom.js";
import { get } from "../core/http.js";
import { t } from "../core/texts.js";
import { wanted } from "./text.js";

/** @typedef {{shown: string, note?: string, text: string}} Option what is shown, and what is put in */

/** Names beside a text field on a phone. */
const MOST_NAMES = 6;
/** A colleague may have changed the answers meanwhile. */
const FRESH_MS = 60000;

export class Suggest {
  /** @type {HTMLElement | null} */
  #box = null;
  /** @type {Option[]} */
  #options = [];
  #chosen = 0;
  /** Where in the text it goes. @type {[number, number]} */
  #place = [0, 0];
  /** What was closed by hand stays closed until something else is typed. */
  #closed = "";
  #read = Number.NEGATIVE_INFINITY;
  /** @type {{text: string}[]} */
  #answers = [];
  #turn = 0;

  /**
   * @param {HTMLElement} form
   * @param {HTMLTextAreaElement} text
   * @param {{list: import("./list.js").List, answers: string | undefined}} from where people write; where the quick answers are
   */
  constructor(form, text, { list, answers }) {
    this.form = form;
    this.text = text;
    this.list = list;
    this.url = answers;
    text.setAttribute("aria-autocomplete", "list");
    text.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    text.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Looks what is being typed. */
  async update() {
    const found = wanted(this.text.value, this.text.selectionStart);
    const what = found ? `${found.kind}${found.from}${found.typed}` : "";
    if (!found || what === this.#closed || (found.kind === "answer" && !this.url)) return this.close();
    this.#closed = "";
    await this.#offer(found.kind, found.typed, [found.from, this.text.selectionStart]);
  }

  /** Offers all quick answers, to be put in where one writes. */
  async answers() {
    this.text.focus();
    await this.#offer("answer", "", [this.text.selectionStart, this.text.selectionEnd]);
  }

  close() {
    this.#turn += 1;
    this.#box?.remove();
    this.#box = null;
    for (const name of ["aria-activedescendant", "aria-controls"]) this.text.removeAttribute(name);
  }

  /** @param {"name" | "answer"} kind @param {string} typed @param {[number, number]} place */
  async #offer(kind, typed, place) {
    const turn = ++this.#turn;
    const options = kind === "name" ? this.#names(typed) : await this.#fitting(typed);
    // Something else was typed meanwhile.
    if (turn !== this.#turn) return;
    if (!options.length && kind === "name") return this.close();
    [this.#options, this.#place, this.#chosen] = [options, place, 0];
    this.#draw(kind);
    announce(options.length ? t("js-chat-found", { n: options.length }) : t("js-chat-answers-none"));
  }

  /** @param {string} typed @returns {Option[]} */
  #names(typed) {
    const fitting = people(this.list).filter(({ name }) => name.toLowerCase().includes(typed));
    return fitting.slice(0, MOST_NAMES).map(({ name, badge }) => ({ shown: name, note: badge, text: `@${name} ` }));
  }

  /** @param {string} typed @returns {Promise<Option[]>} */
  async #fitting(typed) {
    if (performance.now() - this.#read > FRESH_MS) {
      const read = await get(this.url ?? "").catch(() => null);
      if (read) [this.#answers, this.#read] = [read.answers, performance.now()];
    }
    return this.#answers.filter(({ text }) => text.toLowerCase().includes(typed)).map(({ text }) => ({ shown: text, text }));
  }

  /** @param {"name" | "answer"} kind */
  #draw(kind) {
    this.#box?.remove();
    const rows = this.#options.map(({ shown, note }, at) => {
      const row = el("li", { role: "option", id: `suggest-${at}`, "aria-selected": "false" }, el("bdi", { className: "clamp", textContent: shown }), note && el("span", { className: "badge badge-warn", textContent: note }));
      // Before the text field loses the focus.
      row.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        this.#put(at);
      });
      return row;
    });
    const list = el("ul", { className: "suggest-list", role: "listbox", id: "suggest", "aria-label": t(kind === "name" ? "js-chat-people" : "js-chat-answers") }, ...rows);
    const foot = kind === "answer" && el("p", { className: "suggest-foot" }, !rows.length && el("span", { className: "muted", textContent: t("js-chat-answers-none") }), el("a", { href: this.url ?? "", textContent: t("js-chat-answers-manage") }));
    if (foot) foot.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#box = el("div", { className: "suggest" }, rows.length > 0 && list, foot);
    this.form.append(this.#box);
    if (rows.length) this.#choose(0);
  }

  /** @param {number} at */
  #choose(at) {
    this.#chosen = (at + this.#options.length) % this.#options.length;
    for (const [n, row] of [...(this.#box?.querySelectorAll("[role=option]") ?? [])].entries()) row.setAttribute("aria-selected", String(n === this.#chosen));
    this.text.setAttribute("aria-controls", "suggest");
    this.text.setAttribute("aria-activedescendant", `suggest-${this.#chosen}`);
    qs(`#suggest-${this.#chosen}`, this.form)?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} at */
  #put(at) {
    const option = this.#options[at];
    this.close();
    if (!option) return;
    const [from, to] = this.#place;
    this.text.setRangeText(option.text, from, to, "end");
    this.text.focus();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!this.#box || event.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const chooses = (event.key === "Enter" && !event.shiftKey) || event.key === "Tab";
    if (event.key === "Escape") {
      const found = wanted(this.text.value, this.text.selectionStart);
      this.#closed = found ? `${found.kind}${found.from}${found.typed}` : "";
      this.close();
    } else if (step && this.#options.length) this.#choose(this.#chosen + step);
    else if (chooses && this.#options.length) this.#put(this.#chosen);
    else return;
    event.preventDefault();
  }
}

/** Who wrote last, first, by name. @param {import("./list.js").List} list @returns {{name: string, badge: string}[]} */
function people(list) {
  /** @type {Map<string, {name: string, badge: string}>} */
  const found = new Map();
  for (const line of qsa(".msg[data-author][data-seq]:not(.msg-deleted)", list.box).reverse()) {
    const name = qs("[data-name]", line)?.textContent ?? "";
    if (name && line.dataset.author !== list.account && !found.has(name)) found.set(name, { name, badge: qs(".badge:not([hidden])", line)?.textContent ?? "" });
  }
  return [...found.values()];
}
