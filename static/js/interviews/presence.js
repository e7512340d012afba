// @ts-check
/** Says "I am here" every two seconds, by the call's socket or else by POST, and hears who else is. No DOM. Events: `state` (a CallState),
 * `over`, `elsewhere`, `full` (there is no seat, which is asked for again and again), `lost`, `found`. */
import { Problem, json } from "../core/http.js";

const BEAT_MS = 2000;

/**
 * @typedef {{id: string, me: boolean, name: string, party: string, seat: number, mic: boolean, camera: boolean, screen: number | null}} Person
 * @typedef {object} CallState see `src/interviews/call/state.rs`
 * @property {string} state
 * @property {boolean} open
 * @property {number} now
 * @property {number} starts_at
 * @property {number} ends_at
 * @property {number | null} next_starts_at
 * @property {boolean} seated
 * @property {boolean} may_extend
 * @property {boolean} admitted
 * @property {"away" | "waits" | "sent-back" | "in"} door how the seeker stands at it
 * @property {number} [since] when their waiting began
 * @property {Person[]} people
 * @property {{here: boolean, came: boolean, mic: boolean, camera: boolean}} other
 */

export class Presence extends EventTarget {
  /** @type {CallState | null} */
  state = null;
  /** What this side sends of itself. */
  own = { mic: true, camera: true };
  #window = crypto.randomUUID?.() ?? String(Math.random());
  #take = true;
  #lost = false;
  #skew = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} url of the interview @param {import("../calls/wire.js").Wire | null} [wire] */
  constructor(url, wire = null) {
    super();
    this.url = url;
    this.wire = wire;
    wire?.addEventListener("state", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    // Why it ended is told by an answer.
    wire?.addEventListener("lost", (event) => /** @type {CustomEvent} */ (event).detail === 4404 && void this.beat());
  }

  /** Takes the seat of this side, from another window if need be, and keeps it. */
  sit() {
    this.#take = true;
    return this.beat();
  }

  /** The server's time. */
  get now() {
    return Date.now() + this.#skew;
  }

  /** Beats at once, and again in two seconds. */
  async beat() {
    clearTimeout(this.#timer);
    const body = { window: this.#window, take: this.#take, ...this.own };
    if (this.wire?.beat(body)) {
      this.#take = false;
      this.#timer = setTimeout(() => void this.beat(), BEAT_MS);
      return;
    }
    try {
      this.#heard(await json("POST", `${this.url}/presence`, { json: body, timeout: 5000 }));
    } catch (error) {
      const full = error instanceof Problem && error.code === "calls-full";
      if (error instanceof Problem && !error.temporary && !full) return this.#tell("over");
      if (full) this.#tell("full");
      else if (!this.#lost) this.#tell("lost");
      this.#lost = true;
    }
    clearTimeout(this.#timer);
    if (this.state?.seated !== false) this.#timer = setTimeout(() => void this.beat(), BEAT_MS);
  }

  /** @param {CallState} state */
  #heard(state) {
    this.#take = false;
    this.#skew = state.now - Date.now();
    this.state = state;
    if (this.#lost) this.#tell("found");
    this.#lost = false;
    if (!state.seated) {
      clearTimeout(this.#timer);
      this.wire?.close();
    } else if (!state.open && this.wire) return this.#tell("over");
    this.#tell(state.seated ? "state" : "elsewhere");
  }

  /** Adds five minutes. */
  async extend() {
    this.#heard(await json("POST", `${this.url}/extensions`, { json: {} }));
  }

  /** Gives the seat up; works while the page is being left. */
  leave() {
    clearTimeout(this.#timer);
    this.wire?.close();
    navigator.sendBeacon?.(`${this.url}/departures`, new URLSearchParams({ window: this.#window }));
  }

  /** @param {string} type */
  #tell(type) {
    this.dispatchEvent(new CustomEvent(type, { detail: this.state }));
  }
}
