// @ts-check
/** How many others are typing, and that one is typing oneself. */
import { must, setText } from "../core/dom.js";
import { t } from "../core/texts.js";

const EVERY_MS = 3000;
/** For so long the server counts oneself among them. */
const COUNTED_MS = 7000;
/** The server counts no further. */
const SEVERAL = 4;

export class Typing {
  /** @param {HTMLElement} panel @param {(frame: object) => unknown} send */
  constructor(panel, send) {
    this.line = must("[data-chat-typing]", panel);
    this.send = send;
    this.told = Number.NEGATIVE_INFINITY;
  }

  /** Something was typed. @param {string} text */
  typed(text) {
    const now = performance.now();
    // A quick answer that is looked for is no message yet.
    if (!text.trim() || text.startsWith("/") || now - this.told < EVERY_MS) return;
    this.told = now;
    this.send({ type: "typing" });
  }

  /** What was typed is sent. */
  done() {
    this.told = Number.NEGATIVE_INFINITY;
  }

  /** @param {number} count of all, oneself included */
  show(count) {
    const others = count >= SEVERAL ? count : count - Number(performance.now() - this.told < COUNTED_MS);
    this.line.hidden = others <= 0;
    setText(this.line, others >= SEVERAL ? t("js-chat-typing-several") : others > 0 ? t("js-chat-typing", { n: others }) : "");
  }
}
