// @ts-check
/** Shows the join buttons of a list when their time comes. */
import { qsa } from "../core/dom.js";

const CHECK_MS = 10000;

function reveal() {
  for (const element of qsa("[data-opens][hidden]")) {
    if (Date.now() >= Date.parse(element.dataset.opens ?? "")) element.hidden = false;
  }
}

reveal();
setInterval(reveal, CHECK_MS);
