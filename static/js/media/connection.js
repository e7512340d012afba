// @ts-check
/** A WHIP or WHEP session that comes back by itself after a change of network, a server's restart or a failure of ICE.
 * States: `idle`, `connecting`, `connected`, `reconnecting`, `refused` (the server said no, for good), `unsupported`. */
import { delayBefore, isPassing } from "./backoff.js";
import { Refusal, end, negotiate } from "./signalling.js";
import { summary } from "./stats.js";

/** ICE often comes back from "disconnected" by itself; a new session is quicker than waiting for "failed" (up to 30 s). */
const PATIENCE_MS = 2500;
/** From the answer to the handshake's end: after this something is in the way of UDP and TCP alike. */
const CONNECT_MS = 12000;
const STATS_MS = 1000;

/** @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "refused" | "unsupported"} State */

export class Connection extends EventTarget {
  /** @type {State} */
  state = "idle";
  /** @type {Refusal | null} why the server refused */
  refusal = null;
  /** @type {RTCPeerConnection | null} */
  pc = null;
  /** @protected @type {string | null} */
  session = null;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #counter;
  /** @type {Record<string, number>} */
  #counted = {};

  /** @param {{url: string, token?: string}} options */
  constructor({ url, token }) {
    super();
    this.url = url;
    this.token = token;
    addEventListener("online", () => this.state === "reconnecting" && this.restart());
    addEventListener("pagehide", () => this.stop());
  }

  /** Adds the transceivers. @protected @param {RTCPeerConnection} _pc */
  prepare(_pc) {}

  /** Connects, and stays connected until `stop`. @returns {Promise<void>} */
  async open() {
    if (!("RTCPeerConnection" in globalThis)) return this.#become("unsupported");
    this.#close();
    this.#become(this.#failures || this.state === "reconnecting" ? "reconnecting" : "connecting");
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.pc = pc;
    this.prepare(pc);
    pc.addEventListener("connectionstatechange", () => pc === this.pc && this.#changed(pc));
    this.#timer = setTimeout(() => this.#failed(null), CONNECT_MS);
    try {
      const session = await negotiate(pc, this.url, this.token);
      if (pc === this.pc) this.session = session;
      else end(session, this.token);
    } catch (error) {
      if (pc === this.pc) this.#failed(error instanceof Refusal ? error : new Refusal(-1, String(error)));
    }
  }

  /** A new session at once. */
  restart() {
    this.#failures = Math.max(1, this.#failures);
    return this.open();
  }

  /** Ends the session and stays away. */
  stop() {
    this.#close();
    this.#failures = 0;
    if (this.state !== "idle") this.#become("idle");
  }

  /** @param {RTCPeerConnection} pc */
  #changed(pc) {
    if (pc.connectionState === "connected") {
      clearTimeout(this.#timer);
      this.#failures = 0;
      this.#become("connected");
      clearInterval(this.#counter);
      this.#counter = setInterval(() => this.#count(pc), STATS_MS);
    } else if (pc.connectionState === "disconnected") {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.restart(), PATIENCE_MS);
    } else if (pc.connectionState === "failed" || pc.connectionState === "closed") {
      this.#failed(null);
    }
  }

  /** @param {Refusal | null} refusal */
  #failed(refusal) {
    this.#close();
    this.refusal = refusal;
    if (refusal && !isPassing(refusal.status)) return this.#become(refusal.status === 406 ? "unsupported" : "refused");
    this.#failures += 1;
    this.#become("reconnecting");
    // Without a network there is nothing to try; the browser says when it is back.
    const delay = navigator.onLine === false ? 15000 : delayBefore(this.#failures, refusal?.retryAfter ?? null, Math.random());
    this.#timer = setTimeout(() => this.open(), delay);
  }

  #close() {
    clearTimeout(this.#timer);
    clearInterval(this.#counter);
    const pc = this.pc;
    this.pc = null;
    pc?.close();
    if (this.session) end(this.session, this.token);
    this.session = null;
    this.#counted = {};
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
  }

  /** @param {RTCPeerConnection} pc */
  async #count(pc) {
    const figures = summary(await pc.getStats(), this.#counted);
    if (pc === this.pc) this.dispatchEvent(new CustomEvent("stats", { detail: figures }));
  }
}
