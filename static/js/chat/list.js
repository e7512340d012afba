// @ts-check
/** The lines of the chat on the page: in order, each once, and the reader's place kept. */
import { el, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { fillQuote, makeLine, quote, say } from "./line.js";
import { shortened } from "./text.js";
import { Unread, stored } from "./unread.js";

/** @typedef {import("./frames.js").Entry} Entry */
/** @typedef {import("./outbox.js").Draft} Draft */

/** Lines kept on the page: a day in a busy room would fill a phone's memory. */
const MAX_LINES = 400;
/** Where it is kept that only hosts and what they answer are to be seen. */
export const ONLY = "chat-only";

export class List {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.box = must("[data-chat-list]", panel);
    this.blank = /** @type {HTMLTemplateElement} */ (must("[data-chat-line]", panel));
    this.account = panel.dataset.account ?? "";
    this.name = panel.dataset.name ?? "";
    /** @type {import("./only.js").Only | undefined} */
    this.only = undefined;
    this.unread = new Unread(panel, (line) => this.only?.shows(line) ?? true);
    this.#filter(panel);
  }

  /** The filter comes when it is wanted. @param {HTMLElement} panel */
  #filter(panel) {
    const form = must("[data-chat-only]", panel);
    const filter = async () => (this.only ??= new (await import("./only.js")).Only(panel));
    form.addEventListener("submit", (event) => {
      // The lines that the server left out come with another page.
      if (form.dataset.served !== undefined) return;
      event.preventDefault();
      void filter().then((only) => {
        only.toggle();
        this.toNewest();
      });
    });
    if (form.dataset.served === undefined && stored(ONLY) !== "1") return;
    this.box.dataset.only = "";
    void filter().then((only) => only.set(true));
  }

  toNewest() {
    this.unread.toNewest();
  }

  /** The lowest sequence number on the page. */
  get first() {
    return Math.min(...qsa("[data-seq]", this.box).map((line) => Number(line.dataset.seq)));
  }

  /** @param {number | string} seq */
  at(seq) {
    return qs(`[data-seq="${seq}"]`, this.box);
  }

  /** @param {Entry} entry @returns {HTMLElement | null} its line, if it is a new one */
  add(entry) {
    const own = entry.type === "message" && entry.author === this.account;
    const waiting = own ? this.waiting(entry.client_id) : null;
    const line = this.at(entry.seq) ? null : this.#line(entry);
    if (!line) return null;
    const follows = this.unread.follows;
    const lines = qsa("[data-seq]", this.box);
    const after = lines.filter((other) => Number(other.dataset.seq) < entry.seq).at(-1);
    waiting?.remove();
    if (after) after.after(line);
    else if (lines[0]) lines[0].before(line);
    else this.box.append(line);
    qs("[data-chat-empty]", this.box)?.remove();
    this.only?.note(line);
    if (follows) this.#forget();
    this.unread.came(line, follows, own);
    return line;
  }

  /** @param {Entry[]} entries older ones; the reader's place stays */
  addOlder(entries) {
    const height = this.box.scrollHeight;
    const place = qs("[data-seq]", this.box);
    for (const entry of entries) {
      const line = this.at(entry.seq) ? null : this.#line(entry);
      if (line && place) place.before(line);
      else if (line) this.box.append(line);
      if (line) this.only?.note(line);
    }
    this.box.scrollTop += this.box.scrollHeight - height;
  }

  /** @param {Draft} draft a message on its way, or one that failed */
  show(draft) {
    let line = this.waiting(draft.client_id);
    if (!line) {
      const reply = draft.reply_to ? this.quoteOf(draft.reply_to) : undefined;
      const entry = { seq: 0, at: Date.now(), type: "message", author: this.account, name: this.name, badge: "", text: draft.text, reply };
      line = /** @type {HTMLElement} */ (this.#line(entry));
      line.dataset.clientId = draft.client_id;
      line.removeAttribute("data-seq");
      for (const selector of [".msg-actions", ".msg-reply"]) qs(selector, line)?.remove();
      this.box.append(line);
      this.toNewest();
    }
    line.dataset.state = draft.state;
    qs(".msg-retry", line)?.remove();
    if (draft.state === "failed") line.append(el("button", { className: "msg-retry", type: "button", textContent: t("js-chat-retry") }));
    setText(qs("time", line), draft.state === "pending" ? t("js-chat-pending") : "");
  }

  /** @param {string} clientId @param {number} seq */
  sent(clientId, seq) {
    const line = this.waiting(clientId);
    if (!line) return;
    // Its entry usually comes first; if not, the line waits for it under its number.
    if (this.at(seq)) return line.remove();
    line.removeAttribute("data-state");
    setText(qs("time", line), formatTime(new Date(), "time"));
  }

  /** What is said of a message that somebody answers. @param {number} seq @returns {import("./line.js").Quote} */
  quoteOf(seq) {
    const line = this.at(seq);
    if (!line || line.classList.contains("msg-deleted")) return { seq, deleted: Boolean(line) };
    return { seq, name: qs("[data-name]", line)?.textContent ?? "", text: shortened(qs(".msg-text", line)?.textContent ?? ""), author: line.dataset.author };
  }

  /** Takes words away, wherever they stand. @param {{seq?: number, author?: string}} whose one message, or all of a person */
  redact({ seq, author }) {
    const [lines, quotes] = seq ? [`[data-seq="${seq}"]`, `[data-quote="${seq}"]`] : [`[data-author="${author}"]`, `[data-quoted="${author}"]`];
    for (const line of qsa(`.msg[data-author]${lines}`, this.box)) {
      qs(".msg-quote", line)?.remove();
      line.classList.remove("msg-for-you");
      say(line, { seq: 0, at: 0, type: "message", text: "", deleted: true }, this.account);
    }
    for (const link of qsa(`.msg-quote${quotes}`, this.box)) fillQuote(link, { seq: 0, deleted: true });
  }

  /** @param {Entry[]} entries messages that are shown again */
  restore(entries) {
    for (const entry of entries.filter(({ type, deleted }) => type === "message" && !deleted)) {
      const line = qs(`.msg-deleted[data-seq="${entry.seq}"]`, this.box);
      if (line) say(line, entry, this.account);
      if (line && entry.reply) qs(".msg-text", line)?.before(quote(entry.reply));
      for (const link of qsa(`.msg-quote[data-quote="${entry.seq}"]`, this.box)) {
        link.dataset.quoted = entry.author;
        fillQuote(link, { seq: entry.seq, name: entry.name, text: shortened(entry.text) });
      }
    }
  }

  /** @param {string} clientId of a message that has no number yet */
  waiting(clientId) {
    return qsa("[data-client-id]", this.box).find((line) => line.dataset.clientId === clientId) ?? null;
  }

  /** @param {Entry} entry */
  #line(entry) {
    return makeLine(this.blank, entry, this.account);
  }

  #forget() {
    const lines = qsa(".msg:not([data-chat-empty], [data-chat-older], [data-client-id])", this.box);
    lines.slice(0, Math.max(0, lines.length - MAX_LINES)).forEach((line) => line.remove());
  }
}
