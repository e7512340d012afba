// @ts-check
/** Where one writes: the text field, the name of a newcomer, and why one may not. */
import { later, must, on, qs, setText } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { toast } from "../core/toast.js";
import { wanted } from "./text.js";

/** What has no end ends in the year 9999. */
const FOR_GOOD = 253402300799000;

/**
 * @typedef {object} Handlers
 * @property {(text: string, clientId: string) => boolean} send
 * @property {(you: {id: string, name: string}) => void} named
 * @property {() => void} heart
 * @property {() => void} typed the text is another one
 * @property {import("./list.js").List} list where people write
 */

export class Composer {
  /** Lists of what can be chosen come when the first is needed. */
  #suggesting = later(async () => {
    const answers = /** @type {HTMLAnchorElement | null} */ (qs("[data-chat-answers]", this.form));
    const { Suggest } = await import("./suggest.js");
    this.suggests = true;
    return new Suggest(this.form, this.text, { list: this.list, answers: answers?.href });
  });
  suggests = false;

  /** @param {HTMLElement} panel @param {Handlers} handlers */
  constructor(panel, { send, named, heart, typed, list }) {
    this.panel = panel;
    this.form = /** @type {HTMLFormElement} */ (must("[data-chat-composer]", panel));
    this.text = /** @type {HTMLTextAreaElement} */ (must("textarea", this.form));
    this.name = /** @type {HTMLFormElement} */ (must("[data-chat-name]", panel));
    this.refusal = must("[data-chat-refusal]", panel);
    this.slow = must("[data-chat-slow]", panel);
    this.list = list;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(send);
    });
    // Enter sends, as in every chat; with shift it breaks the line. During input of Chinese it chooses the word, and in a list what is chosen.
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      if (this.text.hasAttribute("aria-activedescendant")) return;
      event.preventDefault();
      this.#submit(send);
    });
    this.text.addEventListener("input", () => {
      typed();
      if (this.suggests || wanted(this.text.value, this.text.selectionStart)) void this.#suggesting().then((list) => list.update(), () => {});
    });
    this.name.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#introduce(named);
    });
    must("[data-chat-heart]", panel).addEventListener("click", heart);
    on("click", "[data-chat-emoji]", (button) => void import("./emoji.js").then(({ toggle }) => toggle(this.form, button, (emoji) => this.#insert(emoji))), this.form);
    on("click", "[data-chat-answers]", (_, event) => {
      event.preventDefault();
      void this.#suggesting().then((list) => list.answers(), () => {});
    }, this.form);
  }

  /** @param {string} text put in where one writes; the keyboard of a phone stays as it is */
  #insert(text) {
    if (this.text.value.length + text.length > this.text.maxLength) return;
    this.text.setRangeText(text, this.text.selectionStart, this.text.selectionEnd, "end");
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** @param {import("./frames.js").Can} can */
  allow({ write, react, why_not = "", until = 0, slow = 0 }) {
    const nameless = why_not === "nameless";
    // What is being typed is never taken away under the hands; only the way to send it.
    this.form.hidden = !write;
    this.panel.toggleAttribute("data-silent", !write);
    this.name.hidden = !nameless;
    must("[data-chat-heart]", this.form).toggleAttribute("disabled", !react);
    const ends = until && until < FOR_GOOD ? formatTime(new Date(until)) : "";
    setText(this.refusal, write || nameless ? "" : refusalText(why_not, ends));
    this.refusal.hidden = write || nameless;
    setText(this.slow, slow ? t("js-chat-slow", { n: slow }) : "");
    this.slow.hidden = !slow || !write;
  }

  /** @param {string} text what failed and may be edited */
  putBack(text) {
    if (!this.text.value.trim()) this.text.value = text;
    this.text.focus();
  }

  /** @param {(text: string, clientId: string) => boolean} send */
  #submit(send) {
    const field = /** @type {HTMLInputElement} */ (must("[name=client_id]", this.form));
    const text = this.text.value.trim();
    if (!text || !send(text, field.value)) return;
    this.text.value = "";
    field.value = newId();
    this.text.focus();
  }

  /** @param {(you: {id: string, name: string}) => void} named */
  async #introduce(named) {
    const field = /** @type {HTMLInputElement} */ (must("[name=name]", this.name));
    try {
      named(await post("/guest", { name: field.value.trim() }));
      this.form.hidden = false;
      this.name.hidden = true;
      this.text.focus();
    } catch (error) {
      toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
    }
  }
}

/** @param {string} why @param {string} until */
function refusalText(why, until) {
  if (why === "muted") return until ? t("js-chat-muted-until", { until }) : t("js-chat-refused-muted");
  if (why === "banned") return until ? t("js-chat-banned-until", { until }) : t("js-chat-refused-banned");
  if (why === "hosts-only") return t("js-chat-refused-hosts-only");
  if (why === "applicants-only") return t("js-chat-refused-applicants-only");
  if (why === "members-only") return t("js-chat-refused-members-only");
  return t("js-chat-refused-closed");
}

/** A name for a message that no other has. `randomUUID` is missing on plain-HTTP pages. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
