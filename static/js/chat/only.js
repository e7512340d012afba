// @ts-check
/** Only what hosts and organisers say, and what they answer: in a busy room that is what most people look for. Kept on the device. */
import { announce, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { store, stored } from "./unread.js";

const KEY = "chat-only";
/** What is left out; also in css/chat.css. */
const OTHERS = ".msg[data-author]:not(.msg-host, .msg-own, .msg-for-you, [data-answered])";

export class Only {
  /** @param {HTMLElement} panel @param {() => void} changed */
  constructor(panel, changed) {
    this.box = must("[data-chat-list]", panel);
    this.form = must("[data-chat-only]", panel);
    this.button = must("button", this.form);
    this.leftOut = must("[data-chat-left-out]", panel);
    /** What the server has left out already. @type {string | undefined} */
    this.served = this.form.dataset.served;
    this.form.addEventListener("submit", (event) => {
      // The lines that the server left out come with another page.
      if (this.served !== undefined) return;
      event.preventDefault();
      this.#set(!this.active);
      store(KEY, this.active ? "1" : "");
      announce(t(this.active ? "js-chat-only-on" : "js-chat-only-off"));
      changed();
    });
    for (const line of qsa("[data-author]", this.box)) this.note(line);
    this.#set(this.served !== undefined || stored(KEY) === "1");
  }

  get active() {
    return "only" in this.box.dataset;
  }

  /** @param {HTMLElement} line */
  shows(line) {
    return !this.active || !line.matches(OTHERS);
  }

  /** A line has come: it may be an answer, or have one. @param {HTMLElement} line */
  note(line) {
    const answered = line.classList.contains("msg-host") ? qs(".msg-quote", line)?.dataset.quote : undefined;
    if (answered) qs(`[data-seq="${answered}"]`, this.box)?.setAttribute("data-answered", "");
    if (qs(`.msg-host .msg-quote[data-quote="${line.dataset.seq}"]`, this.box)) line.dataset.answered = "";
    this.counted();
  }

  /** Says how many are left out. */
  counted() {
    const n = this.active ? Number(this.served ?? 0) + qsa(OTHERS, this.box).length : 0;
    setText(this.leftOut, n ? t("js-chat-left-out", { n }) : "");
  }

  /** @param {boolean} active */
  #set(active) {
    this.box.toggleAttribute("data-only", active);
    this.button.setAttribute("aria-pressed", String(active));
    this.counted();
  }
}
