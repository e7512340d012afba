// @ts-check
/** Reads new messages of hosts aloud, for who watches the hands and not the screen. The device speaks; nothing leaves it. */
import { t } from "../core/texts.js";

/** More than this are old before they are said: the oldest are left out. */
const WAITING = 5;
/** A message is a few sentences; some devices never end what is longer. */
const MOST_CHARACTERS = 200;

export class Aloud {
  /** @type {string[]} */
  #waiting = [];
  #speaks = false;
  on = false;

  /** @param {SpeechSynthesis} speech @param {string} lang of the messages */
  constructor(speech, lang = "zh-CN") {
    this.speech = speech;
    this.lang = lang;
    // Nobody is to be spoken to from a page that is out of sight.
    document.addEventListener("visibilitychange", () => document.hidden && this.#silence());
    addEventListener("pagehide", () => this.#silence());
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    if (!on) return this.#silence();
    // Some devices speak only after they were made to by a tap.
    this.#waiting.push(t("js-chat-aloud-on"));
    this.#next();
  }

  /** @param {{name: string, text: string}} message */
  say({ name, text }) {
    if (!this.on || document.hidden) return;
    // An address read letter by letter helps nobody.
    const plain = text.replace(/https?:\/\/\S+/gi, "").slice(0, MOST_CHARACTERS);
    this.#waiting.push(t("js-chat-says", { name, text: plain }));
    while (this.#waiting.length > WAITING) this.#waiting.shift();
    this.#next();
  }

  #next() {
    const text = this.#speaks ? undefined : this.#waiting.shift();
    if (text === undefined) return;
    const spoken = new SpeechSynthesisUtterance(text);
    const language = /[\u4E00-\u9FFF]/.test(text) ? this.lang : document.documentElement.lang;
    spoken.lang = language;
    const voices = this.speech.getVoices();
    spoken.voice = voices.find((voice) => voice.lang.replace("_", "-") === language) ?? voices.find((voice) => voice.lang.startsWith(language.slice(0, 2))) ?? null;
    this.#speaks = true;
    spoken.onend = spoken.onerror = () => {
      this.#speaks = false;
      this.#next();
    };
    this.speech.speak(spoken);
  }

  #silence() {
    this.#waiting = [];
    this.#speaks = false;
    this.speech.cancel();
  }
}
