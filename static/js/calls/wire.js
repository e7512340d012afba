// @ts-check
/** The socket of a call: beats and messages out, news in. It comes back by itself; whoever uses it can do without, by POST. No DOM.
 * Events: `state` (a CallState), `said`, `unsent`, `asleep`, `lost` (the code of the close). See `docs/protocol.md`. */

/** No word of the server for so long: the way is gone, whatever the browser says. */
const SILENCE_MS = 7000;
const AGAIN_MS = [300, 1000, 2000, 4000];
/** The call, or the right to it, is over. */
const OVER = 4404;

/** @typedef {{window: string, take: boolean, mic: boolean, camera: boolean}} Beat */
/** @typedef {{seq: number, by: string, me: boolean, name: string, client_id: string, at: number, text: string, file: {url: string, kind: string, size: number} | null}} Said */

export class Wire extends EventTarget {
  /** The last message that was heard. */
  last = 0;
  #url;
  /** @type {WebSocket | null} */
  #socket = null;
  /** @type {Beat | null} what is said first on a new socket */
  #hello = null;
  #failures = 0;
  #over = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence;

  /** @param {string} url of the interview */
  constructor(url) {
    super();
    const whole = new URL(`${url}/socket`, location.href);
    whole.protocol = whole.protocol.replace("http", "ws");
    this.#url = whole;
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Says that one is there; connects if need be. Whether it went out on an open socket. @param {Beat} beat */
  beat(beat) {
    this.#hello = beat;
    if (this.isOpen) {
      this.#send({ type: "beat", ...beat });
      return true;
    }
    if (!this.#socket && !this.#timer && !this.#over) this.#connect();
    return false;
  }

  /** @param {string} client_id @param {string} text @returns {boolean} whether it went out */
  say(client_id, text) {
    if (!this.isOpen) return false;
    this.#send({ type: "send", client_id, text });
    return true;
  }

  #connect() {
    this.#timer = undefined;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#listen(socket);
    socket.addEventListener("open", () => {
      this.#send({ type: "hello", since: this.last, ...this.#hello });
    });
    socket.addEventListener("message", ({ data }) => {
      this.#failures = 0;
      this.#listen(socket);
      this.#heard(JSON.parse(data));
    });
    socket.addEventListener("close", ({ code }) => this.#gone(socket, code));
  }

  /** @param {WebSocket} socket */
  #listen(socket) {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      socket.close();
      // A dead network does not tell of the close for a long time.
      this.#gone(socket, 0);
    }, SILENCE_MS);
  }

  /** @param {WebSocket} socket @param {number} code */
  #gone(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    clearTimeout(this.#silence);
    const delay = AGAIN_MS[Math.min(this.#failures, AGAIN_MS.length - 1)] ?? 4000;
    this.#failures += 1;
    this.#over ||= code === OVER;
    this.dispatchEvent(new CustomEvent("lost", { detail: code }));
    if (this.#hello && !this.#over) this.#timer = setTimeout(() => this.#connect(), delay);
  }

  /** @param {any} frame */
  #heard(frame) {
    switch (frame.type) {
      case "state":
        return this.#tell("state", frame);
      case "message":
        this.last = Math.max(this.last, frame.seq);
        return this.#tell("said", frame);
      case "error":
        return this.#tell("unsent", frame);
      case "layers-asleep":
        return this.#tell("asleep", frame);
    }
  }

  close() {
    this.#hello = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#timer = undefined;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** @param {object} frame */
  #send(frame) {
    this.#socket?.send(JSON.stringify(frame));
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
