// @ts-check
/** Nobody's data stays on a screen that nobody sits before: a warning, then the desk. The server closes the page by itself too. */
import { must, on } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

const WARN_MS = 30000;
const { idle = "300", desk = "/" } = must("#before").dataset;
const all = Number(idle) * 1000;
let last = Date.now();
let warned = () => {};
let warning = false;

function touched() {
  last = Date.now();
  if (!warning) return;
  warned();
  warning = false;
}

async function wipe() {
  last = Infinity;
  document.body.hidden = true;
  await fetch(`${desk}/ends`, { method: "POST", redirect: "manual", keepalive: true }).catch(() => {});
  // The page before this one is not to come back by a key.
  location.replace(desk);
}

function look() {
  const left = all - (Date.now() - last);
  if (left <= 0) return void wipe();
  if (left > WARN_MS || warning) return;
  warning = true;
  warned = toast(t("js-stations-idle"), { stays: true });
}

for (const type of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(type, touched, { passive: true });
// A page kept by the browser is not shown to the next person.
addEventListener("pageshow", (event) => event.persisted && location.replace(desk));
document.addEventListener("visibilitychange", look);
on("click", "[data-print]", () => print());
await ready;
setInterval(look, 1000);
