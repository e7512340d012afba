// @ts-check
/** Messages on their way: kept until the server has acknowledged them, also over a reload, and sent again under the same
 * client id, so that nothing is lost and nothing stands twice. Knows no page. */

/** @typedef {{client_id: string, text: string, reply_to?: number, state: "pending" | "failed", code?: string, retryAfter?: number}} Draft */
/** @typedef {{getItem: (key: string) => string | null, setItem: (key: string, value: string) => void}} Store */

/** A person who writes more than this without a network has lost it for good. */
const MAX_WAITING = 20;
/** An acknowledgement takes a commit; on the worst networks ten seconds. */
const ACK_MS = 12000;
/** Refusals that pass by themselves. */
const PASSING = new Set(["too-fast", "overloaded"]);

export class Outbox {
  /**
   * @param {string} key where the messages are kept
   * @param {Store | null} store
   * @param {{transmit: (draft: Draft) => boolean, changed: (draft: Draft) => void, done: (client_id: string, seq: number, held: boolean) => void, stuck: () => void}} handlers
   *   `transmit` says whether the message could be handed over; `stuck` is called when an answer is overdue
   */
  constructor(key, store, handlers) {
    this.key = key;
    this.store = store;
    this.on = handlers;
    /** @type {Map<string, Draft>} */
    this.drafts = new Map();
    for (const draft of this.#load()) this.drafts.set(draft.client_id, draft);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.overdue = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
  }

  get isFull() {
    return this.drafts.size >= MAX_WAITING;
  }

  /** @param {string} text @param {string} client_id @param {number} [reply_to] the message that it answers */
  add(text, client_id, reply_to) {
    /** @type {Draft} */
    const draft = { client_id, text, reply_to, state: "pending" };
    this.drafts.set(client_id, draft);
    this.#save();
    this.#transmit(draft);
    return draft;
  }

  /** Sends whatever waits, in its order; called when a connection opens. */
  flush() {
    clearTimeout(this.later);
    for (const draft of this.drafts.values()) if (draft.state === "pending") this.#transmit(draft);
  }

  /** @param {string} client_id */
  retry(client_id) {
    const draft = this.drafts.get(client_id);
    if (!draft) return;
    draft.state = "pending";
    this.on.changed(draft);
    this.#transmit(draft);
  }

  /** @param {string} client_id @returns {Draft | undefined} what was dropped, so that it can be edited */
  drop(client_id) {
    const draft = this.drafts.get(client_id);
    this.drafts.delete(client_id);
    this.#save();
    return draft;
  }

  /**
   * The server's answer, or the message's own entry.
   * @param {{type: string, client_id?: string, seq?: number, held?: boolean, code?: string, retry_after?: number}} frame
   */
  answer({ type, client_id = "", seq = 0, held = false, code = "", retry_after }) {
    const draft = this.drafts.get(client_id);
    if (!draft) return;
    clearTimeout(this.overdue);
    if (type !== "error") {
      this.drop(client_id);
      return this.on.done(client_id, seq, held);
    }
    if (PASSING.has(code)) {
      clearTimeout(this.later);
      this.later = setTimeout(() => this.flush(), (retry_after ?? 2) * 1000);
    } else {
      draft.state = "failed";
    }
    [draft.code, draft.retryAfter] = [code, retry_after];
    this.#save();
    this.on.changed(draft);
  }

  /** @param {Draft} draft */
  #transmit(draft) {
    if (!this.on.transmit(draft)) return;
    clearTimeout(this.overdue);
    this.overdue = setTimeout(() => this.on.stuck(), ACK_MS);
  }

  /** @returns {Draft[]} */
  #load() {
    try {
      const kept = JSON.parse(this.store?.getItem(this.key) ?? "[]");
      return Array.isArray(kept) ? kept.filter((d) => typeof d?.client_id === "string" && typeof d?.text === "string") : [];
    } catch {
      return [];
    }
  }

  #save() {
    try {
      this.store?.setItem(this.key, JSON.stringify([...this.drafts.values()]));
    } catch {
      // Storage is full or forbidden: the messages wait in memory only.
    }
  }
}

/** Storage that lasts as long as the tab; null where it is forbidden. */
export function keeper() {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}
