// @ts-check
/** How long an answer is waited for, second by second; past it the page says what became of it. */
import { must, qs, setText } from "../core/dom.js";
import { ready } from "../core/texts.js";
import { left } from "./left.js";

const line = must("[data-until]");
const until = Date.parse(line.dataset.until ?? "");

function show() {
  const ms = until - Date.now();
  setText(qs("[data-left]", line), left(ms));
  if (ms <= 0) return location.reload();
  // By the second once it is near.
  setTimeout(show, ms > 3_600_000 ? 30_000 : 1_000 - (Date.now() % 1_000));
}

void ready.then(() => {
  if (until > Date.now()) show();
});
