// @ts-check
/** One's own messages that somebody looks at first, that were not let through, or of which others see only a part. */
import { announce, el, qs, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { toast } from "../core/toast.js";

/** @typedef {import("./outbox.js").Draft} Draft */

export class Held {
  /**
   * @param {import("./list.js").List} list
   * @param {import("./outbox.js").Outbox} outbox
   * @param {import("./composer.js").Composer} composer
   */
  constructor(list, outbox, composer) {
    this.list = list;
    this.outbox = outbox;
    this.composer = composer;
  }

  /** @param {string} clientId @param {string} state `rejected`, else it waits */
  set(clientId, state) {
    this.outbox.drop(clientId);
    const [line, now] = [this.list.waiting(clientId), state === "rejected" ? state : "held"];
    if (!line || line.dataset.state === now) return;
    line.dataset.state = now;
    setText(qs("time", line), formatTime(new Date(), "time"));
    for (const selector of [".msg-note", ".msg-retry"]) qs(selector, line)?.remove();
    const text = t(now === "held" ? "js-chat-held" : "js-chat-rejected");
    line.append(el("p", { className: "msg-note", textContent: text }));
    this.list.toNewest();
    announce(text, true);
  }

  /** @param {Draft} draft gets its mark, or is given back to be changed */
  refused({ client_id, text, code }) {
    if (code === "rejected") return this.set(client_id, code);
    this.outbox.drop(client_id);
    this.list.waiting(client_id)?.remove();
    this.composer.putBack(text);
    toast(t(code === "word" ? "js-chat-refused-word" : "js-chat-refused-reply"), { kind: "error" });
  }
}
