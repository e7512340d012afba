// @ts-check
/** The lines of the chat on the page: in order, each once, and the reader's place kept. */
import { el, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { makeLine } from "./line.js";

/** @typedef {import("./frames.js").Entry} Entry */
/** @typedef {import("./outbox.js").Draft} Draft */

/** Lines kept on the page: a day in a busy room would fill a phone's memory. */
const MAX_LINES = 400;
/** Nearer to the end than this means that the person follows along. */
const NEAR_PX = 80;

export class List {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.box = must("[data-chat-list]", panel);
    this.blank = /** @type {HTMLTemplateElement} */ (must("[data-chat-line]", panel));
    this.newest = must("[data-chat-new]", panel);
    this.account = panel.dataset.account ?? "";
    this.name = panel.dataset.name ?? "";
    this.unseen = 0;
    this.box.addEventListener("scroll", () => this.follows && this.#seen(), { passive: true });
    this.newest.addEventListener("click", () => this.toNewest());
    this.toNewest();
  }

  /** Whether the newest line is in sight. */
  get follows() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_PX;
  }

  toNewest() {
    this.box.scrollTop = this.box.scrollHeight;
    this.#seen();
  }

  /** The lowest sequence number on the page. */
  get first() {
    return Math.min(...qsa("[data-seq]", this.box).map((line) => Number(line.dataset.seq)));
  }

  /** @param {Entry} entry */
  add(entry) {
    const own = entry.type === "message" && entry.author === this.account;
    const waiting = own ? this.waiting(entry.client_id) : null;
    const line = this.#line(entry);
    if (!line || qs(`[data-seq="${entry.seq}"]`, this.box)) return;
    const follows = this.follows;
    const lines = qsa("[data-seq]", this.box);
    const after = lines.filter((other) => Number(other.dataset.seq) < entry.seq).at(-1);
    waiting?.remove();
    if (after) after.after(line);
    else if (lines[0]) lines[0].before(line);
    else this.box.append(line);
    qs("[data-chat-empty]", this.box)?.remove();
    this.#placed(follows, own);
  }

  /** @param {Entry[]} entries older ones; the reader's place stays */
  addOlder(entries) {
    const height = this.box.scrollHeight;
    const place = qs("[data-seq]", this.box);
    for (const entry of entries) {
      const line = qs(`[data-seq="${entry.seq}"]`, this.box) ? null : this.#line(entry);
      if (line && place) place.before(line);
      else if (line) this.box.append(line);
    }
    this.box.scrollTop += this.box.scrollHeight - height;
  }

  /** @param {Draft} draft a message on its way, or one that failed */
  show(draft) {
    let line = this.waiting(draft.client_id);
    if (!line) {
      const entry = { seq: 0, at: Date.now(), type: "message", author: this.account, name: this.name, badge: "", text: draft.text };
      line = /** @type {HTMLElement} */ (this.#line(entry));
      line.dataset.clientId = draft.client_id;
      line.removeAttribute("data-seq");
      qs(".msg-actions", line)?.remove();
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
    if (qs(`[data-seq="${seq}"]`, this.box)) return line.remove();
    line.removeAttribute("data-state");
    setText(qs("time", line), formatTime(new Date(), "time"));
  }

  /** @param {(line: HTMLElement) => boolean} which */
  redact(which) {
    for (const line of qsa("[data-author]", this.box).filter(which)) {
      line.classList.add("msg-deleted");
      setText(qs(".msg-text", line), t("js-chat-deleted"));
    }
  }

  /** @param {Entry[]} entries messages that are shown again */
  restore(entries) {
    for (const entry of entries) {
      const line = entry.type === "message" && !entry.deleted ? qs(`.msg-deleted[data-seq="${entry.seq}"]`, this.box) : null;
      line?.classList.remove("msg-deleted");
      if (line) setText(qs(".msg-text", line), entry.text);
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

  /** @param {boolean} follows @param {boolean} own */
  #placed(follows, own) {
    const lines = qsa(".msg:not([data-chat-empty], [data-chat-older], [data-client-id])", this.box);
    if (follows) lines.slice(0, Math.max(0, lines.length - MAX_LINES)).forEach((line) => line.remove());
    if (follows && !document.hidden) return this.toNewest();
    if (follows) this.box.scrollTop = this.box.scrollHeight;
    if (own) return;
    if (!this.unseen++) lines.at(-1)?.before(el("p", { className: "msg msg-system", "data-chat-unread": true, textContent: t("js-chat-unread") }));
    setText(qs("span", this.newest), t("js-chat-new", { n: this.unseen }));
    this.newest.hidden = this.follows;
  }

  #seen() {
    this.newest.hidden = true;
    if (!this.unseen || document.hidden) return;
    this.unseen = 0;
    // The mark stays for a moment, so that the eye finds where to begin.
    for (const mark of qsa("[data-chat-unread]", this.box)) setTimeout(() => mark.remove(), 8000);
  }
}
