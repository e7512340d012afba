// @ts-check
/** The message that one is about to answer, shown above the text field. */
import { announce, must, on, qs, setText } from "../core/dom.js";
import { t } from "../core/texts.js";

export class Reply {
  /** @param {HTMLElement} panel @param {import("./list.js").List} list @param {() => void} write lets one write */
  constructor(panel, list, write) {
    this.bar = must("[data-chat-reply]", panel);
    this.list = list;
    this.write = write;
    const begun = /** @type {HTMLInputElement | null} */ (qs("[name=reply_to]", this.bar));
    /** @type {number | undefined} */
    this.to = begun ? Number(begun.value) : undefined;
    begun?.remove();
    on("click", "a", (_, event) => {
      event.preventDefault();
      this.end();
      write();
    }, this.bar);
  }

  /** @param {HTMLElement} line */
  begin(line) {
    const { seq, name = "", text = "", deleted } = this.list.quoteOf(Number(line.dataset.seq));
    if (!seq || deleted) return;
    this.to = seq;
    setText(qs("bdi", this.bar), name);
    setText(qs("[data-text]", this.bar), text);
    this.bar.hidden = false;
    this.write();
    announce(t("js-chat-replying", { name }));
  }

  end() {
    this.to = undefined;
    this.bar.hidden = true;
  }

  /** The number of the message that is answered; the next one answers nothing. */
  take() {
    const to = this.to;
    this.end();
    return to;
  }

  /** Words were taken away: they are not shown here either. */
  check() {
    if (this.to && this.list.quoteOf(this.to).deleted) this.end();
  }
}
