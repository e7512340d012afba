// @ts-check
/** Keeps a section of a page true: asks for its version when the line moves and every few seconds, and draws the section anew, from the page itself, when that changes. */
import { announce, qs, qsa, setText } from "../core/dom.js";
import { Problem, get } from "../core/http.js";
import { t } from "../core/texts.js";
import { localiseTimes } from "../core/time.js";
import { toast } from "../core/toast.js";
import { listen } from "./news.js";
import { nextDelay } from "./rhythm.js";
import { hush, ring } from "./ring.js";

/**
 * @param {string} selector of a section with `data-live` (where to ask) and `data-version`
 * @param {{changed?: (before: DOMStringMap, section: HTMLElement) => void, told?: boolean}} [hooks] `told`: asks seldom while the room tells
 */
export function keep(selector, { changed, told = false } = {}) {
  let failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const position = () => Number(qs(selector)?.dataset.position) || null;
  const news = listen(qs(selector)?.dataset.live?.split("/")[2] ?? "", () => void ask(), position);
  const delay = (/** @type {number | null} */ retryAfter) => nextDelay(failures, retryAfter, Math.random(), told && news.told());

  async function ask() {
    clearTimeout(timer);
    /** @type {number | null} */
    let retryAfter = null;
    try {
      const section = qs(selector);
      const now = await get(section?.dataset.live ?? "", { timeout: 8000 });
      failures = 0;
      if (section && now.version !== section.dataset.version && !isInUse(section, now)) await draw(section);
    } catch (error) {
      failures += 1;
      if (error instanceof Problem) retryAfter = error.retryAfter;
      // Gone, or signed out: the page itself says what there is to say.
      if (error instanceof Problem && !error.temporary) return location.reload();
      if (failures === 2) toast(t("js-queue-offline"), { kind: "error" });
    }
    clearTimeout(timer);
    timer = setTimeout(ask, delay(retryAfter));
  }

  /** @param {HTMLElement} section */
  async function draw(section) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok) throw new Problem({ status: answer.status, detail: "" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = qs(selector, page);
    if (!fresh) return location.reload();
    // Drawn meanwhile by another one.
    if (!section.isConnected) return;
    const focused = document.activeElement?.id;
    const before = { ...section.dataset };
    section.replaceWith(fresh);
    // What was said of a state that is over would contradict the new one.
    if (before.state !== fresh.dataset.state || before.position !== fresh.dataset.position) qs("[data-flash]")?.closest(".flash")?.remove();
    if (focused) document.getElementById(focused)?.focus();
    localiseTimes(fresh);
    tell(fresh);
    changed?.(before, fresh);
  }

  setInterval(countDown, 1000);
  document.addEventListener("visibilitychange", () => document.hidden || void ask());
  addEventListener("online", () => void ask());
  const section = qs(selector);
  if (section) tell(section);
  timer = setTimeout(ask, delay(null));
}

/** Somebody who is choosing or writing is not disturbed, unless they are called. @param {HTMLElement} section @param {any} now */
function isInUse(section, now) {
  if (now.state === "called" || now.current?.state === "called") return false;
  return Boolean(qs("details[open]", section)) || document.activeElement instanceof HTMLSelectElement;
}

/** Rings for a section that wants it, and says what it is about. @param {HTMLElement} section */
function tell(section) {
  const text = section.dataset.ring;
  if (!text) return hush();
  ring(text);
  announce(text, true);
}

function countDown() {
  for (const element of qsa("[data-countdown]")) {
    const left = Math.max(0, Number(element.dataset.countdown) - 1);
    element.dataset.countdown = String(left);
    setText(element, String(left));
  }
}
