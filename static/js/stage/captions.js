// @ts-check
/** Captions over the picture, for those who switch them on. Plain text that is never read out: it would drown what is being said. */
import { el, must, qs } from "../core/dom.js";

/** What has been read by then goes away. */
const SHOWN_MS = 12000;

const box = must("#captions");
const toggle = qs("#captions-on");
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let on = !toggle || localStorage.getItem("captions") === "on";

function reveal() {
  box.hidden = !on || !box.childElementCount;
  box.parentElement?.toggleAttribute("data-captions", !box.hidden);
}

/** @param {string[]} lines */
export function showCaptions(lines) {
  clearTimeout(timer);
  box.replaceChildren(...lines.map((text) => el("p", { textContent: text })));
  // The button is there from the first caption on.
  if (toggle && lines.length) toggle.hidden = false;
  reveal();
  if (lines.length) timer = setTimeout(() => showCaptions([]), SHOWN_MS);
}

toggle?.setAttribute("aria-pressed", String(on));
toggle?.addEventListener("click", () => {
  on = !on;
  localStorage.setItem("captions", on ? "on" : "off");
  toggle.setAttribute("aria-pressed", String(on));
  reveal();
});
document.addEventListener("room:caption", (event) => showCaptions(/** @type {CustomEvent} */ (event).detail.lines));
document.addEventListener("room:welcome", (event) => {
  const { captions } = /** @type {CustomEvent} */ (event).detail;
  if (captions?.length) showCaptions(captions);
});
