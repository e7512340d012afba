// @ts-check
/** Only what hosts and organisers say, and what they answer: in a busy room that is what most people look for. Kept on the device. */
import { announce, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { ONLY } from "./list.js";
import { store } from "./unread.js";

/** What is left out; also in css/chat.css. */
const OTHERS = ".msg[data-author]:not(.msg-host, .msg-own, .msg-for-you, [data-answered])";

export class Only {
  /** @param {HTMLElement} panel */
  constructor(panel) {
    this.box = must("[data-chat-list]", panel);
    this.form = must("[data-chat-only]", panel);
    this.leftOut = must("[data-chat-left-out]", panel);
    for (const line of qsa("[data-author]", this.box)) this.note(line);
  }

  /** @param {HTMLElement} line */
  shows(line) {
    return !("only" in this.box.dataset) || !line.matches(OTHERS);
  }

  /** A line has come: it may be an answer, or have one. @param {HTMLElement} line */
  note(line) {
    const answered = line.classList.contains("msg-host") ? qs(".msg-quote", line)?.dataset.quote : undefined;
    if (answered) qs(`[data-seq="${answered}"]`, this.box)?.setAttribute("data-answered", "");
    if (qs(`.msg-host .msg-quote[data-quote="${line.dataset.seq}"]`, this.box)) line.dataset.answered = "";
    this.#count();
  }

  /** @param {boolean} active */
  set(active) {
    this.box.toggleAttribute("data-only", active);
    must("button", this.form).setAttribute("aria-pressed", String(active));
    this.#count();
  }

  /** Changes it by hand, and keeps that. */
  toggle() {
    const active = !("only" in this.box.dataset);
    this.set(active);
    store(ONLY, active ? "1" : "");
    announce(t(active ? "js-chat-only-on" : "js-chat-only-off"));
  }

  /** Says how many are left out, here and by the server. */
  #count() {
    const n = "only" in this.box.dataset ? Number(this.form.dataset.served ?? 0) + qsa(OTHERS, this.box).length : 0;
    setText(this.leftOut, n ? t("js-chat-left-out", { n }) : "");
  }
}
