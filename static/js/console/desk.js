// @ts-check
/** Keeps the organiser's figures fresh without moving focus: asks every few seconds while the page is seen. */
import { get } from "../core/http.js";
import { qs, qsa, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";

const EVERY_MS = 5000;

/** @typedef {{id: string, status: string, people: number, viewers: number, messages_today: number}} RoomFigures */
/** @typedef {{people: number, viewers: number, live_rooms: number, messages_today: number, rooms: RoomFigures[]}} Figures */

const holder = qs("[data-figures]");

/** @param {Figures} figures */
function show(figures) {
  for (const cell of qsa("[data-figure]")) {
    const name = /** @type {"people" | "viewers" | "live_rooms" | "messages_today"} */ (cell.getAttribute("data-figure"));
    setText(cell, String(figures[name]));
  }
  for (const room of figures.rooms) {
    const row = qs(`[data-room="${room.id}"]`);
    if (!row) continue;
    for (const cell of qsa("[data-cell]", row)) {
      const name = /** @type {"people" | "viewers" | "messages_today"} */ (cell.getAttribute("data-cell"));
      setText(cell, String(room[name]));
    }
    const status = qs(".status", row);
    if (status && status.dataset.status !== room.status) {
      status.dataset.status = room.status;
      setText(status, t(`js-status-${room.status}`));
    }
  }
}

async function refresh() {
  const url = holder?.dataset.figures;
  if (!url || document.hidden) return;
  try {
    show(/** @type {Figures} */ (await get(url)));
  } catch {
    // The figures stay as they are; the next round asks again.
  }
}

await ready;
setInterval(refresh, EVERY_MS);
