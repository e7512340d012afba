// @ts-check
/** The socket of a room: says hello with what it has seen, resumes without loss or doubles, and comes back by itself.
 * Knows no page. The frames are described in docs/protocol.md. */
import { delayBefore } from "../media/backoff.js";
import { afterClose } from "./frames.js";

/** @typedef {import("./frames.js").Entry} Entry */

const PING_MS = 20000;
/** A phone that slept hears nothing and does not know; after this the socket is dead. */
const SILENCE_MS = 45000;
/** Sockets that never opened so many times in a row are not allowed here: the page asks by HTTP instead. */
const HOPELESS = 3;
const POLL_MS = 5000;
/** Tries for a socket stay rare while asking works. */
const SOCKET_AGAIN_MS = 60000;
/** What other parts of the page are told of as it is. */
const PASSED = ["stage", "desk", "yours", "caption", "still"];

export class Wire {
  /**
   * @param {{socket: string, messages: string, since: number, shadow?: boolean}} place `shadow`: not counted among the people
   * @param {import("./frames.js").Handlers} handlers
   * @param {{Socket?: typeof WebSocket, get: (url: string) => Promise<any>, chance?: () => number}} world
   */
  constructor(place, handlers, { Socket = WebSocket, get, chance = Math.random }) {
    this.place = place;
    this.on = handlers;
    this.Socket = Socket;
    this.get = get;
    this.chance = chance;
    this.since = place.since;
    this.failures = 0;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.open = false;
    this.heard = 0;
    this.polling = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.beat = setInterval(() => this.#beat(), PING_MS);
  }

  /** Connects now, whatever was planned. */
  connect() {
    clearTimeout(this.timer);
    if (this.socket) return;
    if (!this.polling) this.on.state("connecting");
    let opened = false;
    const socket = (this.socket = new this.Socket(this.place.socket));
    socket.onopen = () => {
      opened = true;
      socket.send(JSON.stringify({ type: "hello", since: this.since, shadow: this.place.shadow }));
    };
    socket.onmessage = (event) => this.socket === socket && this.#receive(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.#closed(event.code, opened);
  }

  /** Leaves the present socket and opens another: who one is may have changed. */
  reconnect() {
    const old = this.socket;
    this.#forget();
    old?.close(1000);
    this.connect();
  }

  /**
   * @param {object} frame
   * @returns {boolean} whether it was handed to an open socket
   */
  send(frame) {
    if (!this.open) return false;
    this.socket?.send(JSON.stringify(frame));
    return true;
  }

  /** @param {any} frame */
  #receive(frame) {
    this.heard = Date.now();
    this.on.pulse();
    if (frame.type === "welcome") {
      [this.open, this.failures, this.polling] = [true, 0, false];
      // A server that was restored from a backup may know less than this page.
      this.since = Math.min(this.since, frame.last_seq);
      this.on.state("open");
      this.on.presence(frame.presence);
      this.on.welcome(frame);
    } else if (frame.type === "gap") {
      this.since = frame.to;
      this.on.gap(frame.from, frame.to);
    } else if (frame.type === "presence") this.on.presence(frame);
    else if (frame.type === "reactions") this.on.reactions(frame.count);
    else if (frame.type === "typing") this.on.typing(frame.count);
    else if (frame.type === "layers-asleep") this.on.rest(frame);
    else if (frame.type === "ack" || frame.type === "error" || frame.type === "rejected") this.on.answer(frame);
    else if (PASSED.includes(frame.type)) this.on.passed?.(frame);
    else if (typeof frame.seq === "number") this.#entry(frame);
    else this.on.passing(frame);
  }

  /** @param {Entry} entry */
  #entry(entry) {
    if (entry.seq <= this.since) return;
    // The server promises no holes; should there be one, asking again from the last known entry heals it.
    if (entry.seq > this.since + 1) return this.reconnect();
    this.since = entry.seq;
    this.on.entry(entry);
  }

  #forget() {
    this.socket = null;
    this.open = false;
    clearTimeout(this.timer);
  }

  /** @param {number} code @param {boolean} opened */
  #closed(code, opened) {
    this.#forget();
    this.failures += 1;
    if (!opened && this.failures >= HOPELESS) return void this.#poll(Date.now() + SOCKET_AGAIN_MS);
    const { state, seconds, final } = afterClose(code);
    this.on.state(state);
    if (!final) this.timer = setTimeout(() => this.connect(), delayBefore(this.failures, seconds, this.chance()));
  }

  /** @param {number} socketAgainAt */
  async #poll(socketAgainAt) {
    try {
      const history = await this.get(`${this.place.messages}?since=${this.since}`);
      this.polling = true;
      this.on.state("polling");
      this.on.welcome(history);
      for (const entry of history.entries) this.#entry(entry);
      if (history.more) return void this.#poll(socketAgainAt);
    } catch {
      this.polling = false;
      this.on.state("offline");
    }
    const next = () => (Date.now() > socketAgainAt ? this.connect() : this.#poll(socketAgainAt));
    this.timer = setTimeout(next, POLL_MS * (0.75 + this.chance() / 2));
  }

  #beat() {
    if (!this.open) return;
    if (Date.now() - this.heard > SILENCE_MS) this.reconnect();
    else this.send({ type: "ping" });
  }
}
