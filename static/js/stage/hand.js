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

const form = must("#hand");
const room = must("[data-room]").dataset.room ?? "";
const url = `/rooms/${room}/hand`;
/** @type {Own} */
let own = { hand: Number(form.dataset.hand ?? 0), guest: null, captions: !must("#caption-link").hidden };
/** @type {Promise<typeof import("./guest.js")> | null} */
let stage = null;

/** Kept on the form, where `late.js` sees it too. */
const isNameless = () => form.hasAttribute("data-nameless");

function show() {
  form.toggleAttribute("data-guest", own.guest !== null);
  const presents = form.hasAttribute("data-presents");
  form.hidden = qs("#stage")?.dataset.status !== "live" || own.guest !== null || presents;
  must("button", form).setAttribute("aria-pressed", String(own.hand > 0));
  setText(qs("#hand-label"), t(own.hand > 0 ? "js-guests-hand-lower" : "js-guests-hand-raise"));
  must("#caption-link").hidden = !own.captions || presents;
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

/** Asks the server how one stands. */
export async function ask() {
  if (isNameless()) return;
  await ready;
  const now = await get(url).catch(() => null);
  if (now) set(now);
}

/** Up or down. */
export async function toggle() {
  await ready;
  if (isNameless()) {
    toast(t("js-guests-name-first"));
    qs("[data-tab=chat]")?.click();
    qs("[data-chat-name] input")?.focus();
    return;
  }
  const button = /** @type {HTMLButtonElement} */ (must("button", form));
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

document.addEventListener("room:lead", () => void ask());
document.addEventListener("room:presence", (event) => {
  // With the stream everybody's hand goes down.
  if (/** @type {CustomEvent} */ (event).detail.live || own.hand === 0) return;
  own = { ...own, hand: 0 };
  show();
});
setInterval(() => own.hand > 0 && void ask(), ALIVE_MS);
