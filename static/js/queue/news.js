// @ts-check
/** Hears that the line of a room moved: from the chat of the page if it is that room's, else by a quiet socket of its own, over which nothing
 * else passes. Loses nothing that matters: whoever listens asks by themselves too. */
import { afterClose } from "../chat/frames.js";
import { qs } from "../core/dom.js";
import { delayBefore } from "../media/backoff.js";
import { spread } from "./rhythm.js";

const PING_MS = 20000;
/** A phone that slept hears nothing and does not know. */
const SILENCE_MS = 45000;

/**
 * @param {string} room
 * @param {() => void} look called a little after the line moved
 * @param {() => number | null} position one's own, by which it is decided how soon
 * @returns {{told: () => boolean, stop: () => void}} `told`: whether a move would be heard of now
 */
export function listen(room, look, position) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let looking;
  const moved = () => (looking ??= setTimeout(() => ((looking = undefined), look()), spread(position(), Math.random())));
  const chat = qs(`[data-chat="${room}"]`);
  if (!chat) return quietly(room, moved, look);
  /** @param {Event} event */
  const heard = (event) => /** @type {CustomEvent} */ (event).detail?.type === "line" && moved();
  document.addEventListener("room:frame", heard);
  return { told: () => chat.dataset.state === "open", stop: () => document.removeEventListener("room:frame", heard) };
}

/**
 * @param {string} room
 * @param {() => void} moved
 * @param {() => void} look
 */
function quietly(room, moved, look) {
  const url = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/rooms/${room}/socket`;
  let [open, over, failures, heard] = [false, false, 0, 0];
  /** @type {WebSocket | undefined} */
  let socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again;
  const connect = () => {
    const own = (socket = new WebSocket(url));
    own.onopen = () => own.send(JSON.stringify({ type: "hello", quiet: true }));
    own.onmessage = (event) => {
      heard = Date.now();
      const { type } = JSON.parse(event.data);
      if (type === "line") moved();
      if (type !== "welcome") return;
      // What moved meanwhile was told to nobody here.
      if (failures > 0) look();
      [open, failures] = [true, 0];
    };
    own.onclose = (event) => {
      open = false;
      failures += 1;
      const { seconds, final } = afterClose(event.code);
      if (!final && !over) again = setTimeout(connect, delayBefore(failures, seconds, Math.random()));
    };
  };
  const beat = setInterval(() => {
    if (!open) return;
    if (Date.now() - heard > SILENCE_MS) socket?.close();
    else socket?.send('{"type":"ping"}');
  }, PING_MS);
  const stop = () => {
    over = true;
    clearTimeout(again);
    clearInterval(beat);
    socket?.close();
  };
  connect();
  return { told: () => open && Date.now() - heard < SILENCE_MS, stop };
}
