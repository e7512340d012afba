// @ts-check
/** Where captions are typed, or recognised by the browser. */
import { must, qs } from "../core/dom.js";
import { showError } from "../core/forms.js";
import { Problem, post } from "../core/http.js";
import { lang, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** The server takes a line that grows a little more often than it is shown. */
const EVERY_MS = 500;

const form = /** @type {HTMLFormElement} */ (must("#caption-form"));
const field = /** @type {HTMLInputElement} */ (must("[name=text]", form));
/** Numbers of lines go up, also after a reload. */
let line = Date.now();

/** @param {string} text @param {number} number */
const say = (text, number) => post(form.action, { text, line: number });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  showError(field, "");
  try {
    await say(text, (line += 1));
  } catch (error) {
    // What was typed comes back, unless the next line has been begun.
    if (!field.value) field.value = text;
    const problem = error instanceof Problem ? error : null;
    if (problem?.errors.text) showError(field, problem.errors.text);
    else toast(problem?.status === 429 ? t("js-captions-too-fast") : (problem?.message ?? String(error)), { kind: "error" });
  }
  field.focus();
});

/** @type {any} */
const Recognition = /** @type {any} */ (globalThis).SpeechRecognition ?? /** @type {any} */ (globalThis).webkitSpeechRecognition;
const listen = qs("#caption-listen");

/** The microphone of the browser itself, which hears what it hears. */
class Ear {
  #recognition = new Recognition();
  #said = "";
  #sent = "";
  #number = (line += 1);
  #timer;

  constructor() {
    Object.assign(this.#recognition, { lang, continuous: true, interimResults: true });
    this.#recognition.onresult = (/** @type {any} */ event) => this.#hear(event);
    // Browsers stop after a while of silence.
    this.#recognition.onend = () => ear === this && this.#recognition.start();
    this.#recognition.onerror = (/** @type {any} */ event) => ["not-allowed", "service-not-allowed", "audio-capture", "network", "language-not-supported"].includes(event.error) && fail();
    this.#recognition.start();
    this.#timer = setInterval(() => this.#send(), EVERY_MS);
  }

  /** @param {any} event */
  #hear(event) {
    for (let at = event.resultIndex; at < event.results.length; at += 1) {
      const result = event.results[at];
      this.#said = result[0].transcript.trim().slice(-80);
      if (!result.isFinal) continue;
      this.#send();
      this.#number = line += 1;
      this.#said = this.#sent = "";
    }
  }

  #send() {
    if (!this.#said || this.#said === this.#sent) return;
    this.#sent = this.#said;
    // A line that was too many is part of the next one.
    say(this.#said, this.#number).catch(() => {});
  }

  stop() {
    clearInterval(this.#timer);
    this.#recognition.onend = null;
    this.#recognition.stop();
  }
}

/** @type {Ear | null} */
let ear = null;

function fail() {
  toast(t("js-captions-listen-failed"), { kind: "error" });
  turn(false);
}

/** @param {boolean} on */
function turn(on) {
  ear?.stop();
  ear = null;
  if (on) ear = new Ear();
  listen?.setAttribute("aria-pressed", String(on));
}

if (listen && Recognition) {
  listen.hidden = false;
  must("#caption-listen-hint").hidden = false;
  listen.addEventListener("click", () => turn(!ear));
}
