// @ts-check
/** A guest: asked, in front of the mirror, on stage. Loaded when a host asks. */
import { announce, el, icon, must, qs, setText } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { WhipPublisher } from "../media/publisher.js";
import { canShareScreen } from "../media/devices.js";
import { Mirror } from "./mirror.js";
import { ScreenShare } from "./screen.js";

/** @typedef {import("./hand.js").OwnGuest} OwnGuest */

/** A stage without a stream is looked at again after this time. */
const AGAIN_MS = 3000;

/** @type {OwnGuest | null} */
let guest = null;
/** @type {Mirror | null} */
let mirror = null;
/** @type {WhipPublisher | null} */
let publisher = null;
/** What we send. @type {MediaStream | null} */
let media = null;
/** @type {ScreenShare | null} */
let screenShare = null;
/** The devices are being opened. */
let rising = false;
/** The invitation that is being accepted here. */
let accepting = "";
const off = { audio: false, video: false };

// What outlives a reload of this tab, and of this tab alone: as whom it is on stage and what is switched off, and whom it has left as.
const HERE = "on-stage";
const LEFT = "left-stage";

/** @returns {{id: string, off: {audio: boolean, video: boolean}} | null} */
const stored = () => JSON.parse(sessionStorage.getItem(HERE) ?? "null");
/** @param {string} id */
const remember = (id) => sessionStorage.setItem(HERE, JSON.stringify({ id, off }));
const forget = () => sessionStorage.removeItem(HERE);

/** What a guest's page looks like. */
const style = el("link", { rel: "stylesheet", href: new URL("../../css/stage.css", import.meta.url).href });
const styled = new Promise((resolve) => {
  for (const type of ["load", "error"]) style.addEventListener(type, resolve);
});
document.head.append(style);
await styled;

const bar = el("div", { className: "guest-bar", id: "guest-bar", role: "group", hidden: true });

/** What the server says of us now. @param {OwnGuest | null} now @param {boolean} anew it is another invitation */
export function update(now, anew) {
  if (now && now.id === sessionStorage.getItem(LEFT)) {
    // Our goodbye got lost, or is on its way.
    if (now.state === "accepted") void depart(now.whip);
    now = null;
  }
  const before = guest;
  guest = now;
  if (!now) {
    if (!accepting) mirror?.end();
    forget();
    if (publisher) {
      down();
      toast(t("js-guests-left"));
      announce(t("js-guests-left"));
    }
    return;
  }
  if (now.state === "invited") {
    if (anew || !mirror) invite(now);
    return;
  }
  if (before && before.id === now.id && before.muted !== now.muted) {
    const word = t(now.muted ? "js-guests-muted-by-host" : "js-guests-unmuted-by-host");
    toast(word);
    announce(word, true);
  }
  // Accepted in another tab, or on another device.
  if (mirror && accepting !== now.id) mirror.close();
  // After a reload: we are on stage still.
  if (!publisher && !mirror && stored()?.id === now.id) void up(now);
  show();
}

/** @param {OwnGuest} invitation */
function invite(invitation) {
  mirror?.close();
  mirror = new Mirror(invitation, {
    accept: async (stream) => {
      accepting = invitation.id;
      Object.assign(off, { audio: false, video: false });
      remember(invitation.id);
      try {
        const accepted = await post(`${invitation.whip.replace(/whip$/, "acceptances")}`);
        guest = accepted;
        mirror = null;
        await publish(accepted, stream);
        return true;
      } catch (error) {
        // Without an answer it may have been accepted: then we go on stage once we hear so.
        if (!(error instanceof Problem && error.temporary)) forget();
        toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
        return false;
      } finally {
        accepting = "";
      }
    },
    decline: () => void post(`${invitation.whip.replace(/whip$/, "refusals")}`).catch(() => {}),
    gone: () => (mirror = null),
  });
}

/** Onto the stage without being asked again. @param {OwnGuest} now */
async function up(now) {
  if (rising) return;
  rising = true;
  const { stream, problem } = await Mirror.devices(now.video);
  rising = false;
  if (problem) return toast(problem, { kind: "error", action: t("js-guests-retry"), onAction: () => void up(now) });
  if (!stream) return;
  if (guest?.id !== now.id || publisher || stored()?.id !== now.id) return stream.getTracks().forEach((track) => track.stop());
  Object.assign(off, stored()?.off);
  await publish(now, stream);
}

/** @param {OwnGuest} now @param {MediaStream} stream */
async function publish(now, stream) {
  media = stream;
  remember(now.id);
  for (const track of stream.getTracks()) track.enabled = !off[/** @type {"audio" | "video"} */ (track.kind)];
  publisher = new WhipPublisher({ url: now.whip });
  publisher.addEventListener("state", show);
  if (!bar.isConnected) qs(".room-head")?.after(bar);
  draw();
  show();
  addEventListener("beforeunload", hold);
  await publisher.publish(stream);
}

/** @param {Event} event */
function hold(event) {
  event.preventDefault();
}

function down() {
  removeEventListener("beforeunload", hold);
  screenShare?.stop();
  publisher?.stop();
  media?.getTracks().forEach((track) => track.stop());
  [publisher, screenShare, media] = [null, null, null];
  [off.audio, off.video] = [false, false];
  bar.hidden = true;
  document.dispatchEvent(new CustomEvent("stage:own", { detail: [] }));
}

async function leave() {
  if (!guest) return;
  const { id, whip } = guest;
  // First of all: whatever comes of the request, this tab goes on stage no more by itself.
  forget();
  sessionStorage.setItem(LEFT, id);
  down();
  guest = null;
  await depart(whip);
}

/** @param {string} whip */
const depart = (whip) => post(whip.replace(/whip$/, "departures")).catch(() => {});

/** @param {string} id @param {string} symbol @param {string} text @param {() => void} act */
function button(id, symbol, text, act) {
  const made = el("button", { className: "btn btn-icon", type: "button", id, title: text, "aria-pressed": "false" }, icon(symbol), el("span", { className: "visually-hidden", textContent: text }));
  made.addEventListener("click", act);
  return made;
}

function draw() {
  const leaving = el("button", { className: "btn btn-small btn-danger", type: "button", id: "guest-leave", textContent: t("js-guests-leave") });
  leaving.addEventListener("click", () => void leave());
  const buttons = [button("guest-mute", "mic", t("js-guests-mute"), () => toggle("audio"))];
  if (guest?.video) buttons.push(button("guest-camera", "camera", t("js-guests-camera-off"), () => toggle("video")));
  if (guest?.video && canShareScreen()) buttons.push(button("guest-screen", "screen", t("js-guests-screen"), () => void share()));
  bar.replaceChildren(el("p", { className: "grow", id: "guest-state", role: "status" }), ...buttons, leaving);
  bar.setAttribute("aria-label", t("js-guests-on-stage"));
  bar.hidden = false;
}

/** @param {"audio" | "video"} kind */
function toggle(kind) {
  off[kind] = !off[kind];
  publisher?.setEnabled(kind, !off[kind]);
  if (guest) remember(guest.id);
  show();
}

async function share() {
  screenShare ??= new ScreenShare(`${guest?.whip}?screen=1`, show);
  await screenShare.toggle();
}

function show() {
  if (!publisher || bar.hidden) return;
  const { state, seat, refusal } = publisher;
  const words = { connected: guest?.muted ? "js-guests-muted-by-host" : "js-guests-on-stage", reconnecting: "js-guests-reconnecting" };
  setText(qs("#guest-state"), t(words[/** @type {"connected"} */ (state)] ?? "js-guests-connecting"));
  bar.toggleAttribute("data-on", state === "connected" && !guest?.muted);
  const mute = /** @type {HTMLButtonElement} */ (must("#guest-mute"));
  const silent = off.audio || Boolean(guest?.muted);
  mute.setAttribute("aria-pressed", String(silent));
  mute.disabled = Boolean(guest?.muted);
  mute.querySelector(".icon")?.replaceWith(icon(silent ? "mic-off" : "mic"));
  const camera = qs("#guest-camera");
  camera?.setAttribute("aria-pressed", String(off.video));
  camera?.querySelector(".icon")?.replaceWith(icon(off.video ? "camera-off" : "camera"));
  qs("#guest-screen")?.setAttribute("aria-pressed", String(screenShare?.on ?? false));
  // Whoever is on stage hears the others and not themselves.
  const seats = [seat, screenShare?.seat].filter((own) => own !== null && own !== undefined);
  if (state === "connected") document.dispatchEvent(new CustomEvent("stage:own", { detail: seats }));
  if (state === "refused" || state === "unsupported") refused(refusal?.message || state, refusal?.code ?? "");
}

/** @param {string} word @param {string} code */
function refused(word, code) {
  const id = guest?.id ?? "";
  down();
  const again = () => void (guest && guest.id === id && !publisher && up(guest));
  // The host is about to come back; whatever else it is, it is for good.
  if (code === "guests-not-live") setTimeout(() => stored()?.id === id && again(), AGAIN_MS);
  else forget();
  const here = () => {
    remember(id);
    again();
  };
  toast(word, code === "guests-elsewhere" ? { kind: "error", action: t("js-guests-here"), onAction: here } : { kind: "error" });
}
