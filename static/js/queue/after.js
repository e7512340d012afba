// @ts-check
/** After a talk, and while somebody is out of it: whoever is handed on, or taken once more, is led to the page of their place, which says so. */
import { must } from "../core/dom.js";
import { ready } from "../core/texts.js";
import { follow } from "./follow.js";

/** As long as a talk can be handed on after its end. */
const LOOKS_MS = 300000;

await ready;
const room = must("#after").dataset.room ?? "";
const until = Date.now() + LOOKS_MS;
let talking = false;
follow(room, "queue/place", (now) => {
  if (now.state === "talking") return (talking = true);
  const met = talking;
  talking = false;
  if (now.state === "waiting" || now.state === "called" || now.state === "handed") location.replace(`/rooms/${room}/queue`);
  // The page of before offers the way back in.
  else if (met && document.querySelector("a[href$='/call']")) location.reload();
  return now.state === "served" && Date.now() < until;
});
