// @ts-check
/** Somebody who stands in line and looks at another page hears there when it is their turn, and does not count as away. */
import { qs } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { follow } from "./follow.js";
import { lines, remember } from "./stands.js";
import { tellTurn } from "./turn.js";

const STANDS = ["waiting", "called", "talking", "call-back"];

/** @param {string} room */
function watch(room) {
  /** @type {import("./next.js").Place | null} */
  let before = null;
  follow(
    room,
    "queue/place",
    (now) => {
      tellTurn(before, now, `/rooms/${room}/queue`);
      before = now;
      if (STANDS.includes(now.state)) return true;
      remember(room, false);
      if (now.state === "handed") void seek(room);
      return false;
    },
    () => remember(room, false),
  );
}

/** Whoever was handed to another booth stands in line there now. @param {string} from */
async function seek(from) {
  const page = await fetch(`/rooms/${from}/queue`, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  const room = page.redirected ? new URL(page.url).pathname.split("/")[2] : "";
  if (!room || room === from) return;
  remember(room, true);
  toast(t("js-queue-handed"), { action: t("js-queue-open"), onAction: () => location.assign(`/rooms/${room}/queue`) });
  watch(room);
}

await ready;
for (const room of lines()) {
  // The room's own pages tell themselves, and a talk is not disturbed.
  if (!qs(`#place[data-live="/rooms/${room}/queue/place"], #line[data-line="/rooms/${room}/queue"][data-own], #call`)) watch(room);
}
