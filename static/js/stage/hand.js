// @ts-check
/** A viewer's hand: raised and lowered, and what comes of it. The rest, a mirror and a publisher, is loaded when a host asks. */
import { announce, must, qs, setText } from "../core/dom.js";
import { Problem, get, json } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** @typedef {{id: string, state: "invited" | "accepted", video: boolean, muted: boolean, answer_in: number, by: string, whip: string}} OwnGuest */
/** @typedef {{hand: number, guest: OwnGuest | null, captions: boolean}} Own */

/** Whoever has no socket shows that they are still there. */
const ALIVE_MS = 45000;

const form = qs("#hand");
const room = must("[data-room]").dataset.room ?? "";
const url = `/rooms/${room}/hand`;
let nameless = form?.hasAttribute("data-nameless") ?? true;
let live = qs("#stage")?.hasAttribute("data-live") ?? false;
/** @type {Own} */
let own = { hand: Number(form?.dataset.hand ?? 0), guest: null, captions: false };
/** @type {Promise<typeof import("./guest.js")> | null} */
let stage = null;

function show() {
  if (!form) return;
  form.hidden = !live || own.guest !== null;
  const button = must("button", form);
  button.setAttribute("aria-pressed", String(own.hand > 0));
  setText(qs("#hand-label"), t(own.hand > 0 ? "js-guests-hand-lower" : "js-guests-hand-raise"));
  const captions = qs("#caption-link");
  if (captions) captions.hidden = !own.captions;
}

/** @param {Own} now */
function set(now) {
  if (now.captions && !own.captions) toast(t("js-captions-named-you"));
  const asked = now.guest?.id !== own.guest?.id;
  own = now;
  show();
  if (own.guest || stage) {
    stage ??= import("./guest.js");
    void stage.then((module) => module.update(own.guest, asked));
  }
}

async function ask() {
  if (nameless) return;
  const now = await get(url).catch(() => null);
  if (now) set(now);
}

async function toggle() {
  if (nameless) {
    toast(t("js-guests-name-first"));
    qs("[data-tab=chat]")?.click();
    qs("[data-chat-name] input")?.focus();
    return;
  }
  const button = /** @type {HTMLButtonElement} */ (must("#hand button"));
  button.disabled = true;
  try {
    const up = own.hand === 0;
    set(await json(up ? "POST" : "DELETE", url));
    const said = up ? t("js-guests-hand-up", { n: own.hand }) : t("js-guests-hand-down");
    announce(said);
    toast(said, { kind: "success" });
  } catch (error) {
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
  } finally {
    button.disabled = false;
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  void toggle();
});
document.addEventListener("room:yours", () => void ask());
document.addEventListener("room:presence", (event) => {
  const was = live;
  live = /** @type {CustomEvent} */ (event).detail.live;
  // With the stream everybody's hand goes down.
  if (was && !live) own = { ...own, hand: 0 };
  if (was !== live) show();
});
document.addEventListener("room:welcome", (event) => {
  const { you, presence } = /** @type {CustomEvent} */ (event).detail;
  nameless = !you;
  if (presence) live = presence.live;
  // What was told while the socket was away is asked for.
  if (!nameless) void ask();
});
setInterval(() => own.hand > 0 && void ask(), ALIVE_MS);
void ready.then(() => {
  show();
  if (form?.hasAttribute("data-guest")) void ask();
});
