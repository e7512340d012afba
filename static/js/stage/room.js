// @ts-check
/** The room page: keeps stage, card and people true. */
import { must, parsed, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { showCard } from "./card.js";
import { follow } from "./feed.js";
import { enhanceCaptions, enhanceCoHost, enhanceHand } from "./late.js";
import { missing, setStage } from "./people.js";
import { Stage } from "./player.js";

// The picture is what people came for: it does not wait for the rest of the page.
await parsed(".room-head");
const room = must("[data-room]").dataset.room ?? "";
const box = must("#stage");
setStage(JSON.parse(box.dataset.people || "[]"));
const stage = new Stage(room);
enhanceHand();
enhanceCaptions();
enhanceCoHost();
let closed = box.dataset.status === "closed";

/** @param {import("./feed.js").Presence} presence */
function show(presence) {
  const status = closed ? "closed" : presence.live ? "live" : presence.staffed ? "staffed" : "message-only";
  const people = Math.max(presence.people, presence.viewers);
  const badge = qs(".status", box);
  if (badge) badge.dataset.status = status;
  box.dataset.status = status;
  setText(badge, t(`js-status-${status}`));
  setText(qs("#people"), String(people));
  const count = qs("#people")?.parentElement;
  if (count) count.hidden = people === 0;
  stage.update(status, people, presence.seats);
  missing(room, presence.seats);
}

/** @type {import("./feed.js").Presence} */
let last = { people: Number(qs("#people")?.textContent), staffed: box.dataset.status === "staffed", live: box.hasAttribute("data-live"), viewers: 0, seats: (box.dataset.seats ?? "").split(" ").filter(Boolean).map(Number) };

// The player begins at once; texts come a moment later.
stage.update(/** @type {any} */ (box.dataset.status), last.people, last.seats);
void ready.then(() => {
  show(last);
  follow(room, {
    presence: (presence) => show((last = presence)),
    card: (card) => showCard(room, card),
    closed: (now) => {
      closed = now;
      show(last);
    },
    slide: (id, title) => stage.setSlide(id, title),
    stage: setStage,
  });
});
document.addEventListener("room:still", (event) => {
  const { slide, version } = /** @type {CustomEvent} */ (event).detail;
  stage.renewSlide(slide, version);
});
