// @ts-check
/** What passes over the socket of a room, and what its close codes mean; see docs/protocol.md. */

/** @typedef {{seq: number, at: number, type: string, [field: string]: any}} Entry */
/** @typedef {"connecting" | "open" | "offline" | "polling" | "full" | "closed" | "banned" | "gone"} State */
/** @typedef {{you: {account: string, name: string, badge: string} | null, last_seq: number, can: Can, presence?: any}} Welcome */
/** @typedef {{write: boolean, react: boolean, moderate: boolean, present: boolean, why_not?: string, until?: number, slow?: number}} Can */
/**
 * @typedef {object} Handlers
 * @property {(state: State) => void} state
 * @property {(welcome: Welcome) => void} welcome
 * @property {(entry: Entry) => void} entry
 * @property {(from: number, to: number) => void} gap
 * @property {(presence: any) => void} presence
 * @property {(count: number) => void} reactions
 * @property {(count: number) => void} typing people who are typing, oneself included
 * @property {(frame: {session: string, names: string[]}) => void} rest layers that a publishing session need not send
 * @property {(frame: any) => void} passing what others on the page understand, such as votes
 * @property {(frame: any) => void} answer an `ack`, `error` or `rejected` to something that was sent
 * @property {(frame: any) => void} [passed] something of the stage: who is on it, captions, hands
 * @property {() => void} pulse anything at all was heard
 */

/** State meanwhile and seconds to wait, for codes that ask for more than a new try. @type {Record<number, [State, number]>} */
const AGAIN = { 1001: ["offline", 1], 4409: ["offline", 0], 4410: ["closed", 60], 4429: ["offline", 10], 4503: ["full", 5] };
/** Codes after which trying again is of no use. @type {Record<number, State>} */
const FINAL = { 4403: "banned", 4404: "gone" };

/**
 * @param {number} code
 * @returns {{state: State, seconds: number | null, final: boolean}}
 */
export function afterClose(code) {
  const last = FINAL[code];
  if (last) return { state: last, seconds: null, final: true };
  const [state, seconds] = AGAIN[code] ?? ["offline", null];
  return { state, seconds, final: false };
}
