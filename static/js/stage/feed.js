// @ts-check
/** What happens in the room, as the page's one socket (the chat's) tells it: `room:presence` and `room:entry` events on the
 * document. Without a socket the page asks for the room's state now and then. */
import { get } from "../core/http.js";

/** @typedef {{people: number, staffed: boolean, live: boolean, viewers: number, seats: number[], hands?: number}} Presence */
/** @typedef {{posting: string, title_zh: string, title_en: string, pay_zh: string, pay_en: string, place_zh: string, place_en: string, facts_zh: string[], facts_en: string[]}} Card */

/** A page whose socket has been silent for this long asks by itself. */
const SILENCE_MS = 20000;
const ASK_MS = 5000;

/**
 * @param {string} room
 * @param {{presence: (presence: Presence) => void, card: (card: Card | null) => void, closed: (closed: boolean) => void, slide: (id: string | null, title: string) => void, stage: (stage: any[]) => void}} handlers
 */
export function follow(room, handlers) {
  let heard = 0;
  const listen = (/** @type {string} */ type, /** @type {(detail: any) => void} */ handle) =>
    document.addEventListener(type, (event) => handle(/** @type {CustomEvent} */ (event).detail));
  listen("room:presence", handlers.presence);
  listen("room:entry", (entry) => {
    if (entry.type === "spotlight") handlers.card(entry.card ?? null);
    if (entry.type === "room-closed") handlers.closed(entry.closed);
    if (entry.type === "slide") handlers.slide(entry.slide ?? null, entry.title);
  });
  // Of a socket alone: a page that asks for messages now and then hears nothing of the stage by them.
  listen("room:pulse", () => (heard = performance.now()));
  const ask = async () => {
    const now = await get(`/rooms/${room}/stage.json`).catch(() => null);
    if (!now) return;
    handlers.presence(now);
    handlers.card(now.card);
    handlers.closed(now.status === "closed");
    handlers.slide(now.slide ?? null, now.slide_title);
    handlers.stage(now.stage);
    document.dispatchEvent(new CustomEvent("room:state", { detail: now }));
  };
  // What was missed may have been about the stage.
  listen("room:gap", () => void ask());
  setInterval(() => document.hidden || performance.now() - heard < SILENCE_MS || void ask(), ASK_MS);
}
