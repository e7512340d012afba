// @ts-check
/** A WHIP or WHEP session that comes back by itself after a change of network, a server's restart or a failure of ICE.
 * States: `idle`, `connecting`, `connected`, `reconnecting`, `refused` (the server said no, for good), `unsupported`. */
import { delayBefore, isPassing } from "./backoff.js";
import { restartIce } from "./restart.js";
import { Refusal, end, negotiate } from "./signalling.js";
import { summary } from "./stats.js";

/** ICE often comes back from "disconnected" by itself. Then a new path is looked for, which leaves the session and the picture as they are. */
const PATIENCE_MS = 700;
/** A new session is quicker than waiting for "failed" (up to 30 s). */
const MENDING_MS = 2500;
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
  /** Our seat on stage. @type {number | null} */
  seat = null;
  /**
   * A publisher's new session takes the old one's place on the server, so that viewers are not told of an end. The old one is not ended
   * first, and its connection is left alone until the new one is answered: the goodbye might get through.
   * @protected
   */
  succeeds = false;
  /** @type {string | null} */
  #etag = null;
  /** @type {RTCPeerConnection | null} */
  #retired = null;
  /** @type {RTCIceServer[]} */
  #servers = [];
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
    addEventListener("online", () => void (this.state === "reconnecting" ? this.restart() : this.state === "connected" && this.mend()));
    addEventListener("pagehide", () => this.stop());
  }

  /** Adds the transceivers. @protected @param {RTCPeerConnection} _pc */
  prepare(_pc) {}

  /** Connects, and stays connected until `stop`. @returns {Promise<void>} */
  async open() {
    if (!("RTCPeerConnection" in globalThis)) return this.#become("unsupported");
    this.#close(!this.succeeds);
    this.#become(this.#failures || this.state === "reconnecting" ? "reconnecting" : "connecting");
    // A detour costs the operator's servers: it is taken once the direct ways have failed.
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", iceServers: this.#failures ? this.#servers : [] });
    this.pc = pc;
    this.prepare(pc);
    pc.addEventListener("connectionstatechange", () => pc === this.pc && this.#changed(pc));
    this.#timer = setTimeout(() => this.#failed(null), CONNECT_MS);
    /** @type {Refusal | null} */
    let refusal = null;
    try {
      const { session, etag, servers, seat } = await negotiate(pc, this.url, this.token, this.#etag);
      if (pc !== this.pc) return end(session, this.token);
      this.session = session;
      this.seat = seat;
      this.#servers = servers;
      this.#etag = this.succeeds ? etag : null;
      this.#listen(pc);
    } catch (error) {
      refusal = error instanceof Refusal ? error : new Refusal(-1, String(error));
    }
    if (pc !== this.pc) return;
    this.#retired?.close();
    this.#retired = null;
    if (refusal) this.#failed(refusal);
  }

  /** The state of the connection does not tell of the server's goodbye; that of its transport does. @param {RTCPeerConnection} pc */
  #listen(pc) {
    const transport = pc.getTransceivers()[0]?.receiver.transport;
    transport?.addEventListener("statechange", () => transport.state === "closed" && pc === this.pc && this.#failed(null));
  }

  /** Whether several attempts in a row have failed: then something is in the way. */
  get fruitless() {
    return this.#failures > 1;
  }

  /** Looks for a new path for the session, and for a new session if there is none. */
  async mend() {
    const { pc, session } = this;
    if (!pc || !session) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.restart(), MENDING_MS);
    try {
      const etag = await restartIce(pc, session, this.token);
      if (pc === this.pc && this.succeeds) this.#etag = etag;
    } catch {
      if (pc === this.pc) void this.restart();
    }
  }

  /** A new session at once. */
  restart() {
    this.#failures = Math.max(1, this.#failures);
    return this.open();
  }

  /** Ends the session and stays away. */
  stop() {
    this.#close(true);
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
      this.#timer = setTimeout(() => this.mend(), PATIENCE_MS);
    } else if (pc.connectionState === "failed" || pc.connectionState === "closed") {
      this.#failed(null);
    }
  }

  /** @param {Refusal | null} refusal */
  #failed(refusal) {
    // Whoever came back and met another publisher has been taken over from, and must not take the place back by itself.
    const forGood = refusal !== null && (!isPassing(refusal.status) || (refusal.status === 409 && this.#etag !== null));
    this.#close(forGood || !this.succeeds);
    this.refusal = refusal;
    if (forGood) return this.#become(refusal.code === "live-no-codec" ? "unsupported" : "refused");
    this.#failures += 1;
    this.#become("reconnecting");
    // Without a network there is nothing to try; the browser says when it is back.
    const delay = navigator.onLine === false ? 15000 : delayBefore(this.#failures, refusal?.retryAfter ?? null, Math.random());
    this.#timer = setTimeout(() => this.open(), delay);
  }

  /** @param {boolean} forGood or else another session follows in its place */
  #close(forGood) {
    clearTimeout(this.#timer);
    clearInterval(this.#counter);
    const pc = this.pc;
    this.pc = null;
    this.#counted = {};
    if (forGood || pc) {
      this.#retired?.close();
      this.#retired = forGood ? null : pc;
    }
    if (!forGood) return;
    pc?.close();
    if (this.session) end(this.session, this.token);
    this.session = null;
    this.#etag = null;
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
