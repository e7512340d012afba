// @ts-check
/** The line on a room's page: somebody who waits while watching sees their place and hears when it is their turn. */
import { must, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { follow } from "./follow.js";
import { remember } from "./stands.js";
import { tellTurn } from "./turn.js";

const card = qs("#line[data-own]");
const url = card?.dataset.line ?? "";
const room = url.split("/")[2] ?? "";
const OPEN = ["waiting", "called", "talking", "call-back"];
/** @type {import("./next.js").Place | null} */
let before = null;

/** @param {import("./next.js").Place} now */
function show(now) {
  const line = must("[data-line-state]", card ?? undefined);
  const waits = now.state === "waiting";
  if (waits) setText(line, t("js-queue-position", { n: now.position ?? 0 }));
  if (!waits || now.wait_minutes !== null) setText(qs("[data-line-wait]", card ?? undefined), waits ? wait(now.wait_minutes ?? 0) : "");
  if (now.state === "called") setText(line, t("js-queue-called"));
  if (now.state === "talking") setText(line, t("js-queue-talking"));
  tellTurn(before, now, url);
  before = now;
  remember(room, OPEN.includes(now.state));
}

/** @param {number} n minutes */
const wait = (n) => (n === 0 ? t("js-queue-soon") : t("js-queue-wait", { n }));

if (card) void ready.then(() => follow(room, "queue/place", show, () => remember(room, false)));
