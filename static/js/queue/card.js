// @ts-check
/** The line on a room's page: somebody who waits while watching sees their place and hears when it is their turn. */
import { qs, setText } from "../core/dom.js";
import { Problem, get } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { nextDelay } from "./rhythm.js";
import { hush, ring } from "./ring.js";

const card = qs("#line[data-own]");
const url = card?.dataset.line ?? "";
let state = "";
let failures = 0;

async function ask() {
  try {
    show(await get(`${url}/place`));
    failures = 0;
  } catch (error) {
    failures += 1;
    if (error instanceof Problem && !error.temporary) return;
  }
  setTimeout(ask, nextDelay(failures, null, Math.random()));
}

/** @param {{state: string, position: number | null, wait_minutes: number | null}} place */
function show(place) {
  const line = qs("[data-line-state]", card ?? undefined);
  if (place.state === "waiting") setText(line, t("js-queue-position", { n: place.position ?? 0 }));
  if (place.state !== "waiting" || place.wait_minutes !== null) setText(qs("[data-line-wait]", card ?? undefined), place.state === "waiting" ? wait(place.wait_minutes ?? 0) : "");
  if (place.state === state) return;
  state = place.state;
  if (state === "talking") setText(line, t("js-queue-talking"));
  if (state !== "called") return hush();
  setText(line, t("js-queue-called"));
  ring(t("js-queue-called"));
  toast(t("js-queue-called"), { action: t("js-queue-open"), onAction: () => location.assign(url) });
}

/** @param {number} n minutes */
const wait = (n) => (n === 0 ? t("js-queue-soon") : t("js-queue-wait", { n }));

if (card) void ready.then(ask);
