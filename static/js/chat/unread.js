// @ts-check
/** What one has not seen yet: a mark before the first of it, a count on the way back to the newest line, and what was said to oneself.
 * How far one has read is kept on the device. */
import { el, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";

/** Nearer to the end than this means that the person follows along. */
const NEAR_PX = 80;
/** The mark stays for a moment, so that the eye finds where to begin. */
const MARK_MS = 8000;
/** How long a line that one was led to stands out. */
const FLASH_MS = 2000;

export class Unread {
  /** @param {HTMLElement} panel @param {(line: HTMLElement) => boolean} shows whether a line is not filtered out */
  constructor(panel, shows) {
    this.box = must("[data-chat-list]", panel);
    this.shows = shows;
    this.newest = must("[data-chat-new]", panel);
    this.called = must("[data-chat-mention]", panel);
    this.tab = qs("#tab-chat");
    this.key = `chat-seen:${panel.dataset.chat}`;
    this.count = 0;
    /** Lines for this person that were not in sight yet. @type {HTMLElement[]} */
    this.forYou = [];
    this.followed = true;
    this.box.scrollTop = this.box.scrollHeight;
    this.box.addEventListener("scroll", () => this.#look(), { passive: true });
    // A keyboard that opens, or an answer that is begun, takes room from the lines.
    new ResizeObserver(() => this.followed && this.inSight && this.toNewest()).observe(this.box);
    this.newest.addEventListener("click", () => this.toNewest());
    this.called.addEventListener("click", () => this.forYou[0] && this.lead(this.forYou[0]));
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#keep() : this.#look()));
    addEventListener("pagehide", () => this.#keep());
  }

  /** Whether the newest line is in sight, or would be. */
  get follows() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_PX;
  }

  /** Whether anybody looks: another tab may be in front, of the browser or of the page. */
  get inSight() {
    return !document.hidden && this.box.clientHeight > 0;
  }

  /** Marks what came since the last visit. */
  begin() {
    const upTo = Number(stored(this.key));
    const missed = qsa(".msg[data-author]:not(.msg-own)[data-seq]", this.box).filter((line) => upTo && Number(line.dataset.seq) > upTo);
    if (missed[0]) this.#mark(missed[0]);
    this.forYou = missed.filter((line) => line.classList.contains("msg-for-you"));
    this.toNewest();
    this.#show();
  }

  toNewest() {
    this.box.scrollTop = this.box.scrollHeight;
    this.#look();
  }

  /** The page shows the chat again. */
  shown() {
    const mark = this.count ? qs("[data-chat-unread]", this.box) : null;
    if (mark) this.#bring(mark, 0);
    else this.toNewest();
    this.#look();
  }

  /** A line has come. @param {HTMLElement} line @param {boolean} followed the newest line was in sight before @param {boolean} own */
  came(line, followed, own) {
    if (followed) this.box.scrollTop = this.box.scrollHeight;
    // Who writes has read what was new.
    if (own) for (const mark of qsa("[data-chat-unread]", this.box)) mark.remove();
    if ((followed && this.inSight) || own || !this.shows(line)) return this.#look();
    if (!this.count) this.#mark(line);
    this.count += 1;
    if (line.classList.contains("msg-for-you")) this.forYou.push(line);
    this.#show();
  }

  /** Whether a line is in sight. @param {HTMLElement} line */
  sees(line) {
    const [at, frame] = [line.getBoundingClientRect(), this.box.getBoundingClientRect()];
    return this.inSight && at.height > 0 && at.bottom <= frame.bottom + 1 && at.top >= frame.top - at.height / 2;
  }

  /** Brings a line into sight and makes it stand out. @param {HTMLElement} line */
  lead(line) {
    this.#bring(line, (this.box.clientHeight - line.clientHeight) / 2);
    line.classList.add("msg-found");
    setTimeout(() => line.classList.remove("msg-found"), FLASH_MS);
    this.#look();
  }

  /** Scrolls the lines alone, not the page. @param {HTMLElement} line @param {number} below the upper edge */
  #bring(line, below) {
    this.box.scrollTop += line.getBoundingClientRect().top - this.box.getBoundingClientRect().top - below;
  }

  /** @param {HTMLElement} line */
  #mark(line) {
    for (const old of qsa("[data-chat-unread]", this.box)) old.remove();
    line.before(el("p", { className: "msg msg-system msg-unread", "data-chat-unread": true, textContent: t("js-chat-unread") }));
  }

  #look() {
    if (!this.inSight) return this.#show();
    this.followed = this.follows;
    this.forYou = this.forYou.filter((line) => line.isConnected && this.shows(line) && !this.sees(line));
    if (this.follows) {
      if (this.count) for (const mark of qsa("[data-chat-unread]", this.box)) setTimeout(() => mark.remove(), MARK_MS);
      this.count = 0;
    }
    this.#show();
  }

  #show() {
    setText(qs("span", this.newest), this.count ? t("js-chat-new", { n: this.count }) : t("js-chat-newest"));
    this.newest.hidden = this.follows;
    setText(qs("span", this.called), t("js-chat-mentions", { n: this.forYou.length }));
    this.called.hidden = !this.forYou.length;
    if (this.tab) {
      const mark = qs(".count", this.tab) ?? this.tab.appendChild(el("span", { className: "count" }));
      mark.hidden = this.inSight || !this.count;
      setText(mark, this.count > 99 ? "99+" : String(this.count));
    }
  }

  /** Notes how far one has read. */
  #keep() {
    const last = qsa("[data-seq]", this.box).at(this.count ? -1 - this.count : -1);
    if (last?.dataset.seq) store(this.key, last.dataset.seq);
  }
}

/** @param {string} key */
export function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
export function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage is full or forbidden: the next visit knows nothing of this one.
  }
}
