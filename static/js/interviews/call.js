// @ts-check
/** The page of a call: puts the own side, the others, the door, the presence and the clock together. */
import { announce, must, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { toast } from "../core/toast.js";
import { Door, waitingText } from "../calls/door.js";
import { Talk } from "../calls/talk.js";
import { Thrift, availableOf } from "../calls/thrift.js";
import { Tiles } from "../calls/tiles.js";
import { Wire } from "../calls/wire.js";
import { WhepPlayer } from "../media/viewer.js";
import { loadChoice, words } from "./choices.js";
import { read } from "./clock.js";
import { Own } from "./own.js";
import { Presence } from "./presence.js";

/** Without a new frame for this long the picture counts as gone. */
const STILL_MS = 4000;
const LOOK_MS = 2000;

const call = must("#call");
const url = call.dataset.url ?? "";
const staff = call.dataset.me === "employer";
const remote = /** @type {HTMLVideoElement} */ (must("#remote"));
const own = new Own(url);
const player = new WhepPlayer({ url: `${url}/whep`, video: remote });
const wire = new Wire(url);
const presence = new Presence(url, wire);
const tiles = new Tiles(player);
const door = staff ? new Door(url, call.dataset.with ?? "") : null;
const thrift = new Thrift();
// Cameras take a moment, in which everything else is done.
const opened = own.open();
let frames = 0;
let framesAt = 0;
let elsewhere = false;
let lost = false;
let full = false;
let inside = false;
let weak = false;
/** @type {import("./clock.js").Reading["phase"] | ""} */
let phase = "";
let endsAt = 0;
/** @type {Map<string, string>} who is there, by id */
let present = new Map();

own.addEventListener("change", () => void ready.then(drawOwn));

function drawOwn() {
  const local = /** @type {HTMLVideoElement} */ (must("#local"));
  // An element without a picture to wait for would keep the page loading for ever.
  const shown = own.hasCamera ? own.stream : null;
  if (local.srcObject !== shown) local.srcObject = shown;
  must(".tile-local").hidden = own.hidden;
  const silent = own.muted || !own.hasMicrophone;
  press("#mute", silent, t(silent ? "js-interviews-unmute" : "js-interviews-mute"), silent ? "mic-off" : "mic");
  press("#hide", own.hidden, t(own.hidden ? "js-interviews-show" : "js-interviews-hide"), own.hidden ? "camera-off" : "camera");
  must("#blur").hidden = !own.canBlur;
  presence.own = own.sends;
  if (presence.state) void presence.beat();
}

own.addEventListener("problem", (event) => void ready.then(() => toast(words(/** @type {CustomEvent} */ (event).detail, loadChoice().audioOnly), { kind: "error" })));
own.addEventListener("lost", (event) => {
  const { kind, replaced } = /** @type {CustomEvent} */ (event).detail;
  const device = t(kind === "video" ? "js-calls-camera" : "js-calls-microphone");
  toast(t(replaced ? "js-calls-lost" : "js-calls-lost-none", { device }), replaced ? {} : { kind: "error" });
});

player.addEventListener("sound", (event) => (must("#sound").hidden = /** @type {CustomEvent} */ (event).detail));
player.addEventListener("first-frame", () => moved(frames + 1));
player.addEventListener("stats", (event) => moved(/** @type {CustomEvent} */ (event).detail.frames));

/** @param {number} count of frames that were decoded */
function moved(count) {
  if (count === frames) return;
  frames = count;
  framesAt = Date.now();
  weak = false;
  show();
}

presence.addEventListener("state", () => {
  const state = presence.state;
  if (!state) return;
  lost = full = false;
  if (state.admitted) goIn();
  else goOut();
  if (endsAt && state.ends_at > endsAt) toast(t("js-interviews-extended"), { kind: "success" });
  endsAt = state.ends_at;
  tiles.update(state.admitted ? state.people : []);
  greet(state.people);
  must("#remote-muted").hidden = !state.other.here || state.other.mic;
  const extend = /** @type {HTMLButtonElement | null} */ (qs("#extend"));
  if (extend) extend.disabled = !state.may_extend;
  const end = qs("#end");
  if (end) end.hidden = state.state !== "running";
  door?.show(state, presence.now);
  show();
});
presence.addEventListener("lost", () => (lost = true));
presence.addEventListener("full", () => {
  full = true;
  goOut();
  show();
});
presence.addEventListener("over", leave);
presence.addEventListener("elsewhere", () => {
  elsewhere = true;
  goOut();
  own.stop();
  show();
});
wire.addEventListener("asleep", (event) => {
  const { session, names } = /** @type {CustomEvent} */ (event).detail;
  void own.publisher.rest(session, names);
});

/** Sends and sees, from the moment on which that is allowed; nothing waits for anything else. */
function goIn() {
  if (inside) return;
  inside = true;
  for (const button of ["#talk-open", "#share"]) must(button).toggleAttribute("disabled", false);
  void player.play({ sound: true });
  void opened.then(() => {
    if (inside) void own.publish();
  });
  if (presence.state && !staff) announce(t("js-calls-admitted"), true);
}

function goOut() {
  if (!inside) return;
  inside = false;
  frames = 0;
  player.stop();
  own.publisher.stop();
  remote.srcObject = null;
  dispatchEvent(new CustomEvent("call-out"));
}

/** Says who came and who went, but not of whom one sees at once. @param {import("./presence.js").Person[]} people */
function greet(people) {
  const now = new Map(people.filter(({ me }) => !me).map(({ id, name }) => [id, name]));
  if (present.size) {
    for (const [id, name] of now) if (!present.has(id)) announce(t("js-calls-joined", { name }));
    for (const [id, name] of present) if (!now.has(id)) announce(t("js-calls-gone", { name }));
  }
  present = now;
}

/** What stands over the other's picture; nothing while it moves. */
function note() {
  const state = presence.state;
  if (elsewhere) return t("js-interviews-elsewhere");
  if (full) return t("js-calls-full");
  const moves = Date.now() - framesAt < STILL_MS;
  if (!state) return moves ? "" : null;
  if (!state.admitted) return waitingText(state, presence.now);
  if (lost || player.state === "reconnecting" || own.publisher.state === "reconnecting") return t("js-interviews-reconnecting");
  const [main] = tiles.shown;
  if (moves && (!main || main.camera)) return "";
  if (!main) {
    if (door && state.door !== "in" && state.other.here) return "";
    if (state.other.came) return t("js-interviews-other-left");
    return t(presence.now < state.starts_at ? "js-interviews-waiting-early" : "js-interviews-waiting");
  }
  if (player.view.audioOnly) return t("js-calls-sound-only");
  if (!main.camera) return t("js-interviews-camera-off");
  return t(weak ? "js-calls-weak" : "js-interviews-other-here");
}

function show() {
  const text = note();
  if (text === null) return;
  const waiting = must("#waiting");
  // A weak network leaves the last picture; only a hint stands over it.
  const still = frames > 0 && (text === t("js-interviews-reconnecting") || weak);
  waiting.classList.toggle("call-hint", still);
  if (text && waiting.hidden) announce(text.split("\n")[0] ?? "");
  waiting.hidden = text === "" && must("#sound").hidden;
  setText(must("#waiting-text"), text);
  must("#take").hidden = !elsewhere;
}

function tick() {
  show();
  const state = presence.state;
  if (!state) return;
  door?.show(state, presence.now);
  const reading = read(state, presence.now);
  const texts = { before: "js-interviews-starts-in", over: "js-interviews-overtime", running: "js-interviews-left", "last-minute": "js-interviews-left" };
  setText(must("#timer"), t(texts[reading.phase], { time: reading.time }));
  must("#timer").classList.toggle("timer-warn", reading.phase === "last-minute" || reading.phase === "over");
  const warnings = { before: "", running: "", "last-minute": t("js-interviews-one-minute"), over: t("js-interviews-time-over") };
  const next = reading.nextSoon && state.next_starts_at ? t("js-interviews-next-soon", { time: formatTime(new Date(state.next_starts_at), "time") }) : "";
  if (reading.phase !== phase && warnings[reading.phase]) announce(warnings[reading.phase], true);
  phase = reading.phase;
  const spared = own.spared ? t("js-calls-weak-own") : "";
  const text = next || warnings[reading.phase] || spared;
  setText(must("#notice"), text);
  must("#notice").hidden = !text;
}

/** Whether the networks carry the pictures. */
async function look() {
  if (!inside) return;
  if (frames && Date.now() - framesAt >= STILL_MS && player.state === "connected") weak = await player.tooSlow();
  const report = own.publisher.state === "connected" && own.hasCamera && !own.hidden ? await own.publisher.pc?.getStats() : null;
  if (report || own.spared) own.spare(thrift.decide(report ? availableOf(report) : undefined, Date.now()));
}

/**
 * @param {string} selector
 * @param {boolean} pressed
 * @param {string} label
 * @param {string} symbol
 */
function press(selector, pressed, label, symbol) {
  const button = must(selector);
  button.setAttribute("aria-pressed", String(pressed));
  setText(must("span", button), label);
  must("use", button).setAttribute("href", `${document.documentElement.dataset.icons ?? ""}#${symbol}`);
}

function leave() {
  location.assign(url);
}

must("#mute").addEventListener("click", () => own.toggleMute());
must("#hide").addEventListener("click", () => void own.toggleCamera());
must("#sound").addEventListener("click", () => player.turnSoundOn());
must("#take").addEventListener("click", () => location.reload());
qs("#extend")?.addEventListener("click", () => presence.extend().catch((error) => toast(error.message, { kind: "error" })));
addEventListener("pagehide", () => {
  presence.leave();
  own.stop();
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.addEventListener("visibilitychange", () => document.hidden || void presence.beat());
setInterval(tick, 500);
setInterval(() => void look(), LOOK_MS);
void /** @type {any} */ (navigator).wakeLock?.request?.("screen").catch(() => {});
// The page was made for somebody who may be in; whoever may not any more is refused.
if (call.dataset.in === "1") goIn();
await ready;
new Talk(url, wire);
void presence.sit();
if (staff && location.hash === "#admit") void door?.admit();
if (qs("#behind")) void import("../queue/behind.js");
void import("../calls/tools.js").then(({ tools }) => tools({ url, own, player, remote, press }));
