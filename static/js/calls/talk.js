// @ts-check
/** Chat and files within a call: what was said, what is to be said, and how much of it nobody has read yet. */
import { announce, el, icon, must, qs, setText } from "../core/dom.js";
import { Problem, json } from "../core/http.js";
import { t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { toast } from "../core/toast.js";

/** No acknowledgement for so long: it is offered to be sent again, which says nothing twice. */
const UNSENT_MS = 8000;

/** @typedef {import("./wire.js").Said} Said */

export class Talk {
  #url;
  #wire;
  #panel = must("#talk");
  #list = must("#talk-list");
  #input = /** @type {HTMLTextAreaElement} */ (must("#talk-input"));
  #button = must("#talk-open");
  #unread = 0;
  #last = 0;
  /** @type {Map<string, HTMLElement>} what is on its way, by client id */
  #sending = new Map();
  #max;

  /** @param {string} url @param {import("./wire.js").Wire} wire */
  constructor(url, wire) {
    this.#url = url;
    this.#wire = wire;
    this.#max = Number(this.#panel.dataset.max) || Infinity;
    wire.addEventListener("said", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    wire.addEventListener("unsent", (event) => this.#refused(/** @type {CustomEvent} */ (event).detail));
    must("#talk-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say();
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say();
    });
    this.#button.addEventListener("click", () => this.show(Boolean(this.#panel.hidden)));
    must("#talk-close").addEventListener("click", () => this.show(false));
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.show(false));
    const file = /** @type {HTMLInputElement} */ (must("#talk-file"));
    file.addEventListener("change", () => {
      for (const one of file.files ?? []) void this.#sendFile(one);
      file.value = "";
    });
  }

  /** @param {boolean} open */
  show(open) {
    this.#panel.hidden = !open;
    this.#button.setAttribute("aria-expanded", String(open));
    must("#call").toggleAttribute("data-talks", open);
    if (open) {
      this.#unread = 0;
      this.#input.focus();
      this.#list.scrollTop = this.#list.scrollHeight;
    } else this.#button.focus();
    this.#count();
  }

  #count() {
    const badge = must(".call-unread", this.#button);
    badge.hidden = this.#unread === 0;
    setText(badge, String(this.#unread));
    if (this.#unread) this.#button.setAttribute("aria-label", t("js-calls-unread", { n: this.#unread }));
    else this.#button.removeAttribute("aria-label");
  }

  /** @param {Said} said */
  #heard(said) {
    this.#sending.get(said.client_id)?.remove();
    this.#sending.delete(said.client_id);
    if (said.seq <= this.#last) return;
    this.#last = said.seq;
    const low = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 80;
    const body = said.file
      ? el("a", { className: "talk-file", href: said.file.url, download: said.text }, icon("file"), el("span", { textContent: said.text }), el("span", { className: "muted", textContent: sizeOf(said.file.size) }))
      : el("p", { textContent: said.text });
    const head = el("p", { className: "talk-head" }, el("strong", { textContent: said.me ? t("js-calls-you") : said.name }), " ", el("span", { className: "muted", textContent: formatTime(new Date(said.at), "time") }));
    const line = el("li", { className: said.me ? "talk-line talk-mine" : "talk-line", "data-seq": said.seq }, head, body);
    const first = this.#list.querySelector("[data-sending]");
    this.#list.insertBefore(line, first);
    if (low || said.me) this.#list.scrollTop = this.#list.scrollHeight;
    if (said.me || !this.#panel.hidden) return;
    this.#unread += 1;
    this.#count();
    announce(t("js-calls-new-message", { name: said.name, text: said.text }));
  }

  #say() {
    const text = this.#input.value.trim();
    if (!text) return;
    this.#input.value = "";
    this.#send(text, crypto.randomUUID?.() ?? String(Math.random()));
  }

  /** @param {string} text @param {string} id */
  #send(text, id) {
    this.#show(text, id, () => this.#send(text, id));
    if (this.#wire.say(id, text)) {
      setTimeout(() => this.#failed(id), UNSENT_MS);
      return;
    }
    json("POST", `${this.#url}/messages`, { json: { client_id: id, text } }).then((said) => this.#heard({ ...said, me: true }), (error) => this.#failed(id, error));
  }

  /** @param {File} file */
  async #sendFile(file, id = crypto.randomUUID?.() ?? String(Math.random())) {
    if (file.size > this.#max) return toast(t("js-calls-file-large", { n: Math.round(this.#max / 1048576) }), { kind: "error" });
    this.#show(file.name, id, () => void this.#sendFile(file, id));
    const query = new URLSearchParams({ name: file.name, client_id: id });
    try {
      this.#heard({ ...(await json("POST", `${this.#url}/files?${query}`, { body: file, headers: { "Content-Type": "application/octet-stream" }, timeout: 120000 })), me: true });
    } catch (error) {
      if (!(error instanceof Problem) || error.temporary) return this.#failed(id, error);
      this.#sending.get(id)?.remove();
      this.#sending.delete(id);
      toast(Object.values(error.errors)[0] ?? error.message, { kind: "error" });
    }
  }

  /** What is on its way stands below. @param {string} text @param {string} id @param {() => void} again */
  #show(text, id, again) {
    this.#sending.get(id)?.remove();
    const button = el("button", { type: "button", className: "btn btn-small", hidden: true, textContent: t("js-calls-failed") });
    button.addEventListener("click", again);
    const line = el("li", { className: "talk-line talk-mine", "data-sending": "" }, el("p", { textContent: text }), el("p", { className: "muted talk-state", textContent: t("js-calls-sending") }), button);
    this.#sending.set(id, line);
    this.#list.append(line);
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {string} id @param {unknown} [error] */
  #failed(id, error) {
    const line = this.#sending.get(id);
    if (!line) return;
    setText(must(".talk-state", line), error instanceof Problem ? error.message : "");
    must("button", line).hidden = false;
  }

  /** @param {{client_id: string, code: string}} frame */
  #refused({ client_id, code }) {
    this.#failed(client_id);
    const line = this.#sending.get(client_id);
    if (line && code === "too-fast") setText(qs(".talk-state", line), t("js-calls-too-fast"));
  }
}

/** @param {number} bytes */
function sizeOf(bytes) {
  return bytes >= 1048576 ? `${(bytes / 1048576).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`;
}
