// @ts-check
/** The door of a call. To the seeker: how long they wait and that the others know. To the employer: who waits how long, and the two buttons. */
import { announce, must, qs, setText } from "../core/dom.js";
import { request } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { span } from "../interviews/clock.js";

/** @typedef {import("../interviews/presence.js").CallState} CallState */

/**
 * What a seeker before the door reads.
 * @param {CallState} state @param {number} now the server's time
 */
export function waitingText(state, now) {
  const why = state.door === "sent-back" ? "js-calls-wait-back" : state.other.here ? "js-calls-wait-known" : state.other.came ? "js-calls-wait" : "js-calls-wait-alone";
  return `${t(why)}\n${t("js-calls-waited", { time: span(Math.max(0, now - (state.since ?? now))) })}`;
}

/** The bar by which the employer's people open the door. */
export class Door {
  #url;
  #name;
  #bar = must("#door");
  #waited = false;

  /** @param {string} url @param {string} name of the seeker */
  constructor(url, name) {
    this.#url = url;
    this.#name = name;
    must("#admit").addEventListener("click", () => void this.admit());
    qs("#send-back")?.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#post("returns");
    });
  }

  /** Lets whoever waits in; called from the page before as well. */
  admit() {
    return this.#post("admissions");
  }

  /** @param {string} what */
  async #post(what) {
    const button = /** @type {HTMLButtonElement} */ (must("#admit"));
    button.disabled = true;
    await request("POST", `${this.#url}/${what}`, { json: {} }).catch((error) => toast(error.message, { kind: "error" }));
    button.disabled = false;
  }

  /** @param {CallState} state @param {number} now */
  show(state, now) {
    const waits = state.door === "waits" || state.door === "sent-back";
    this.#bar.hidden = !waits;
    const back = qs("#send-back");
    if (back) back.hidden = state.door !== "in" || !state.other.here;
    if (waits) {
      const text = state.other.here ? t("js-calls-waits", { name: this.#name, time: span(Math.max(0, now - (state.since ?? now))) }) : t("js-calls-waits-away", { name: this.#name });
      setText(must("#door-text"), text);
    }
    const knocks = waits && state.other.here;
    if (knocks && !this.#waited) announce(t("js-calls-came-waits", { name: this.#name }), true);
    this.#waited = knocks;
  }
}

