// @ts-check
/** Keeps the doors of the lobby true: status and people, without moving anything or taking the focus. */
import { announce, qs, qsa, setText } from "../core/dom.js";
import { Problem, get } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { nextDelay } from "./rhythm.js";

/** @typedef {{id: string, status: "live" | "staffed" | "message-only" | "closed", people: number}} Now */

const list = qs("[data-lobby]");
/** Rooms the server named last time; a different set means that the organiser added or removed some. */
let known = "";
let failures = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

async function refresh() {
  /** @type {number | null} */
  let retryAfter = null;
  try {
    /** @type {{rooms: Now[], announcements: unknown[]}} */
    const { rooms, announcements } = await get(list?.dataset.lobby ?? "");
    failures = 0;
    show(rooms);
    document.dispatchEvent(new CustomEvent("lobby:announcements", { detail: announcements }));
  } catch (error) {
    failures += 1;
    if (error instanceof Problem) retryAfter = error.retryAfter;
  }
  timer = setTimeout(refresh, nextDelay(failures, retryAfter, Math.random()));
}

/** @param {Now[]} rooms */
function show(rooms) {
  for (const room of rooms) {
    const card = qs(`[data-room="${room.id}"]`);
    if (card) showRoom(card, room);
  }
  const ids = rooms.map((room) => room.id).join();
  if (known && known !== ids) toast(t("js-lobby-changed"), { action: t("js-lobby-reload"), onAction: () => location.reload() });
  known = ids;
}

/**
 * @param {HTMLElement} card
 * @param {Now} room
 */
function showRoom(card, room) {
  const people = qs("[data-people]", card);
  setText(people, String(room.people));
  if (people?.parentElement) people.parentElement.hidden = room.people === 0;
  if (card.dataset.status === room.status) return;
  card.dataset.status = room.status;
  const status = qs(".status", card);
  if (status) status.dataset.status = room.status;
  setText(status, t(`js-status-${room.status}`));
  if (room.status === "live") announce(t("js-lobby-went-live", { name: qs("h3", card)?.textContent ?? "" }));
}

if (list) {
  void ready.then(() => (timer = setTimeout(refresh, nextDelay(0, null, Math.random()))));
  // A phone that lies in a pocket asks nothing, and is up to date as soon as it is looked at.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) void refresh();
  });
}

// The chips of the filter act at once; without scripts the search button does it.
for (const group of qsa("[role=search]")) group.addEventListener("change", (event) => {
  if (event.target instanceof HTMLInputElement && event.target.type === "radio") /** @type {HTMLFormElement} */ (group).requestSubmit?.();
});
