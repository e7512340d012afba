// @ts-check
/** Who is on stage, as the page's socket tells; for names on pictures. */

/** @typedef {{seat: number, account: string, name: string, part: "host" | "co-host" | "guest", screen: boolean, muted: boolean}} OnStage */

import { get } from "../core/http.js";

/** After a frame that got lost, the room is asked once in a while. */
const AGAIN_MS = 10000;

/** @type {OnStage[]} */
let people = [];
let asked = 0;
/** @type {Set<() => void>} */
const listeners = new Set();

export const onStage = () => people;

/** @param {number} seat */
export const inSeat = (seat) => people.find((who) => who.seat === seat);

/** @param {() => void} listener called when somebody came, went or was muted */
export function watchStage(listener) {
  listeners.add(listener);
}

/** @param {OnStage[]} now */
export function setStage(now) {
  if (JSON.stringify(now) === JSON.stringify(people)) return;
  people = now;
  for (const listener of listeners) listener();
}

/**
 * Asks who is there when a seat is live that nobody is known in.
 * @param {string} room
 * @param {number[]} seats
 */
export function missing(room, seats) {
  if (seats.every((seat) => inSeat(seat)) || Date.now() - asked < AGAIN_MS) return;
  asked = Date.now();
  // The frame may just be on its way.
  setTimeout(async () => {
    if (seats.every((seat) => inSeat(seat))) return;
    const now = await get(`/rooms/${room}/stage.json`).catch(() => null);
    if (now?.stage) setStage(now.stage);
  }, 1500 + Math.random() * 1500);
}

for (const type of ["room:stage", "room:welcome"]) {
  document.addEventListener(type, (event) => {
    const { stage } = /** @type {CustomEvent} */ (event).detail;
    if (stage) setStage(stage);
  });
}
