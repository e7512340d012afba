// @ts-check
/** The bell on every page of who is signed in: what is new, and the interview that comes next. It asks seldom, and only while somebody looks. */
import { must, on, qs } from "../core/dom.js";
import { get } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** With an interview within a day, and without. */
const OFTEN_MS = 60_000;
const SELDOM_MS = 600_000;
/** Whoever goes from page to page asks once in this time. */
const FRESH_MS = 30_000;
const KEPT = "notices";

/**
 * @typedef {object} News
 * @property {number} unseen
 * @property {{id: string, title: string, url: string} | null} latest
 * @property {{id: string, url: string, with: string, starts_at: string, open: boolean} | null} next
 */

/** @returns {{at: number, news: News, told: string[]}} */
function kept() {
  try {
    const read = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (read && Array.isArray(read.told)) return read;
  } catch {
    // A browser that keeps nothing asks on each page.
  }
  return { at: 0, news: { unseen: 0, latest: null, next: null }, told: [] };
}

let state = kept();

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ ...state, told: state.told.slice(-50) }));
  } catch {
    // See above.
  }
}

/** Says something once. @param {string} key @param {string} text @param {string} url */
function tell(key, text, url) {
  if (state.told.includes(key)) return;
  state.told.push(key);
  // The page itself says it already, and a talk is not disturbed.
  if (location.pathname === url || qs("#call")) return;
  toast(text, { action: t("js-telling-open"), onAction: () => location.assign(url) });
}

function show() {
  const { unseen, latest, next } = state.news;
  const bell = must("[data-bell]");
  const count = must("[data-bell-count]", bell);
  count.hidden = unseen === 0;
  count.textContent = unseen > 9 ? "9+" : String(unseen);
  must("[data-bell-text]", bell).textContent = unseen ? t("js-telling-unseen", { n: unseen }) : t("js-telling-bell");
  if (latest && location.pathname !== "/me/notices") tell(latest.id, latest.title, latest.url);
  if (next?.open) tell(`open-${next.id}`, t("js-telling-soon", { with: next.with }), next.url);
}

async function look() {
  const { at } = state;
  if (Date.now() - at > FRESH_MS) {
    try {
      state.news = await get("/me/notices");
      state.at = Date.now();
    } catch {
      // The next time.
    }
  }
  show();
  keep();
}

function again() {
  setTimeout(async () => {
    if (document.visibilityState === "visible") await look();
    again();
  }, state.news.next ? OFTEN_MS : SELDOM_MS);
}

async function unsubscribe() {
  const worker = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration("/") : undefined;
  await (await worker?.pushManager?.getSubscription())?.unsubscribe();
}

// Whoever signs out of a browser gets no more messages there, and leaves nothing that they typed.
on("submit", "form[action='/signout']", async (form, event) => {
  sessionStorage.removeItem(KEPT);
  if (!(form instanceof HTMLFormElement)) return;
  event.preventDefault();
  const forget = import("../applications/drafts.js").then(({ forgetAll }) => forgetAll());
  const ended = Promise.allSettled([unsubscribe(), forget]);
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
  form.submit();
});

await ready;
await look();
again();
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void look();
});
