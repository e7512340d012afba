// @ts-check
/** The studio: the host's picture, going live, and what viewers get. */
import { confirm } from "../core/dialog.js";
import { announce, icon, must, qs, setText } from "../core/dom.js";
import { get, request } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { WhipPublisher } from "../media/publisher.js";
import { Air } from "./air.js";
import { enhanceShelf, mark } from "./desk.js";
import { enhanceCoHost } from "./late.js";
import { Monitor } from "./monitor.js";
import { keepPart } from "./part.js";
import { Picture } from "./picture.js";
import { ScreenShare } from "./screen.js";
import { Stills } from "./stills.js";

const studio = must("#studio");
const button = (/** @type {string} */ id) => /** @type {HTMLButtonElement} */ (must(`#${id}`));
const picture = new Picture();
const publisher = new WhipPublisher({ url: studio.dataset.whip ?? "" });
const air = new Air(studio.dataset.air ?? "");
const monitor = new Monitor(studio.dataset.whep ?? "");
/** The screen beside the camera; before going live the screen takes the camera's place. */
const screenShare = new ScreenShare(`${studio.dataset.whip}?seat=next&screen=1`, () => show());
const stills = new Stills(studio.dataset.room ?? "");
const [people, slides] = [keepPart("#people"), keepPart("#slides")];
const coHosts = keepPart("#co-hosts");
/** A co-host joins the hosts' stream, and ends nobody else's. */
const isCoHost = studio.hasAttribute("data-co-host");
/** Hands that are up, as far as we have been told. */
let hands = Number(qs("#people")?.dataset.hands ?? 0);
/** We joined somebody else's stream. */
let joined = false;
/** Keeps a phone's screen on while it broadcasts. @type {any} */
let wakeLock = null;

const isOnAir = () => publisher.state === "connected" || publisher.state === "connecting" || publisher.state === "reconnecting";

async function goLive() {
  if (isCoHost) return begin(true);
  const now = await get(studio.dataset.air ?? "").catch(() => null);
  // Without a host its seat is free, whoever else is on stage.
  if (now?.air.publishing && (now.seats.length === 0 || now.seats.includes(0))) {
    const go = await confirm({ title: t("js-studio-takeover-title"), text: t("js-studio-takeover-text"), ok: t("js-studio-takeover-ok") });
    if (!go) return;
  }
  await begin(false);
}

/** @param {boolean} join beside whoever is live */
async function begin(join) {
  if (!picture.stream) return;
  joined = join;
  publisher.url = (studio.dataset.whip ?? "") + (join ? "?seat=next" : "");
  await publisher.publish(picture.stream);
}

async function endLive() {
  const what = joined ? "leave" : "end";
  const end = await confirm({ title: t(`js-studio-${what}-title`), text: t(`js-studio-${what}-text`), ok: t(`js-studio-${what}-ok`), danger: true });
  if (!end) return;
  // Nobody is left on air alone. Without a network the server ends it after a while.
  if (!joined) await request("POST", `/rooms/${studio.dataset.room}/stream/end`).catch(() => {});
  publisher.stop();
}

function show() {
  const { state } = publisher;
  const on = isOnAir();
  const badge = must("#on-air");
  badge.dataset.status = state === "connected" ? "live" : on ? "message-only" : "closed";
  setText(badge, t(state === "connected" ? "js-studio-on-air" : on ? "js-studio-connecting" : "js-studio-off-air"));
  button("go-live").hidden = on;
  button("end-live").hidden = !on;
  setText(qs("#end-label"), t(`js-studio-${joined ? "leave" : "end"}-ok`));
  button("go-live").disabled = button("join-stage").disabled = !picture.stream || studio.hasAttribute("data-closed");
  if (state === "refused" || state === "unsupported") toast(t("js-studio-refused", { why: publisher.refusal?.message || state }), { kind: "error" });
  setText(qs("#link-state"), state === "reconnecting" ? t("js-studio-reconnecting") : state === "connected" ? t("js-studio-good") : "");
  air.publishing(state === "connected", on);
  if (!on) screenShare.stop();
  button("share-screen").setAttribute("aria-pressed", String(screenShare.on || picture.shared !== null));
  stills.follow(on ? (screenShare.track ?? picture.shared) : null);
  follow();
  if (on && !wakeLock) void keepAwake();
  if (!on) {
    void wakeLock?.release();
    wakeLock = null;
  }
}

/** A host who looks into the camera sees a hand all the same. @param {{name: string}[]} up */
function noteHands(up) {
  const last = up.at(-1);
  if (last && up.length > hands) toast(t("js-guests-raised", { name: last.name }), { action: t("js-guests-look"), onAction: () => must("#people").scrollIntoView({ behavior: "smooth" }) });
  hands = up.length;
}

function follow() {
  monitor.follow(publisher.state === "connected" ? publisher.seat : null, screenShare.seat);
}

async function keepAwake() {
  wakeLock = await /** @type {any} */ (navigator).wakeLock?.request("screen").catch(() => null);
}

/**
 * @param {HTMLButtonElement} control
 * @param {"audio" | "video"} kind
 * @param {[string, string]} icons on and off
 */
function toggle(control, kind, icons) {
  const off = control.getAttribute("aria-pressed") !== "true";
  control.setAttribute("aria-pressed", String(off));
  control.querySelector(".icon")?.replaceWith(icon(icons[off ? 1 : 0]));
  picture.setEnabled(kind, !off);
  publisher.setEnabled(kind, !off);
  if (kind === "audio") setText(qs("#level-hint"), t(off ? "js-studio-muted-hint" : "js-studio-level-hint"));
}

picture.addEventListener("track", (event) => {
  const { kind, track } = /** @type {CustomEvent} */ (event).detail;
  if (isOnAir()) void publisher.replace(kind, track);
  show();
});
picture.addEventListener("open", () => {
  for (const id of ["mute", "camera-off"]) button(id).disabled = !picture.stream;
  show();
});
publisher.addEventListener("state", () => {
  show();
  if (publisher.state !== "connected") return;
  announce(t("js-studio-on-air"));
  stills.again();
});
publisher.addEventListener("stats", (event) => {
  const figures = /** @type {import("../media/stats.js").Figures} */ (/** @type {CustomEvent} */ (event).detail);
  air.sent(figures);
  // A long round trip or a picture much smaller than the camera's means that the way out is narrow.
  const weak = figures.rtt > 400 || (figures.bitrate > 0 && figures.bitrate < 100_000);
  setText(qs("#link-state"), t(weak ? "js-studio-weak" : "js-studio-good"));
});

button("go-live").addEventListener("click", () => void goLive());
button("join-stage").addEventListener("click", () => void begin(true));
button("end-live").addEventListener("click", () => void endLive());
button("mute").addEventListener("click", () => toggle(button("mute"), "audio", ["mic", "mic-off"]));
button("camera-off").addEventListener("click", () => toggle(button("camera-off"), "video", ["camera", "camera-off"]));
button("share-screen").addEventListener("click", () => void (isOnAir() && picture.shared === null ? screenShare.toggle() : picture.toggleScreen()));
addEventListener("beforeunload", (event) => isOnAir() && event.preventDefault());
document.addEventListener("visibilitychange", () => !document.hidden && isOnAir() && void keepAwake());
qs("#make-token")?.addEventListener("submit", (event) => {
  event.preventDefault();
  void import("./token.js").then((module) => module.make(/** @type {HTMLFormElement} */ (event.target)));
});

void ready.then(() => {
  picture.begin();
  air.begin();
  enhanceShelf();
  enhanceCoHost();
  // Another host of the room may put something on stage as well.
  document.addEventListener("room:entry", (event) => {
    const entry = /** @type {CustomEvent} */ (event).detail;
    if (entry.type === "spotlight") mark(entry.card?.posting);
    if (entry.type === "slide") slides.soon();
    if (entry.type === "co-host") coHosts.soon();
  });
  document.addEventListener("room:presence", follow);
  document.addEventListener("room:desk", (event) => noteHands(/** @type {CustomEvent} */ (event).detail.hands));
  for (const type of ["room:desk", "room:stage", "room:welcome"]) document.addEventListener(type, () => people.soon());
  qs("#co-hosts-desk")?.addEventListener("toggle", () => void import("./co-host-desk.js").then(({ enhanceSearch }) => enhanceSearch(coHosts)), { once: true });
  must("#caption-desk").addEventListener("toggle", () => void import("./captions.js").then(() => import("./caption-desk.js")), { once: true });
  document.addEventListener("room:rest", (event) => {
    const { session, names } = /** @type {CustomEvent} */ (event).detail;
    void publisher.rest(session, names);
  });
  show();
});
