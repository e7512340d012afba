// @ts-check
/** The page of a call: puts the own side, the other side, the presence and the clock together. */
import { announce, must, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { toast } from "../core/toast.js";
import { WhepPlayer } from "../media/viewer.js";
import { loadChoice, words } from "./choices.js";
import { read } from "./clock.js";
import { Own } from "./own.js";
import { Presence } from "./presence.js";

/** Without a new frame for this long the picture counts as gone. */
const STILL_MS = 4000;

await ready;
const call = must("#call");
const url = call.dataset.url ?? "";
const remote = /** @type {HTMLVideoElement} */ (must("#remote"));
const own = new Own(url);
const player = new WhepPlayer({ url: `${url}/whep`, video: remote });
const presence = new Presence(url);
let frames = 0;
let framesAt = 0;
let elsewhere = false;
let lost = false;
/** @type {import("./clock.js").Reading["phase"] | ""} */
let phase = "";
let endsAt = 0;

own.addEventListener("change", () => {
  const local = /** @type {HTMLVideoElement} */ (must("#local"));
  if (local.srcObject !== own.stream) local.srcObject = own.stream;
  must(".tile-local").hidden = own.hidden;
  press("#mute", own.muted, t(own.muted ? "js-interviews-unmute" : "js-interviews-mute"), own.muted ? "mic-off" : "mic");
  press("#hide", own.hidden, t(own.hidden ? "js-interviews-show" : "js-interviews-hide"), own.hidden ? "camera-off" : "camera");
  presence.own = own.sends;
  if (presence.state) void presence.beat();
});
own.addEventListener("problem", (event) => toast(words(/** @type {CustomEvent} */ (event).detail, loadChoice().audioOnly), { kind: "error" }));

player.addEventListener("sound", (event) => (must("#sound").hidden = /** @type {CustomEvent} */ (event).detail));
player.addEventListener("stats", (event) => {
  const figures = /** @type {CustomEvent} */ (event).detail;
  if (figures.frames !== frames) framesAt = Date.now();
  frames = figures.frames;
});

presence.addEventListener("state", () => {
  const state = presence.state;
  if (!state) return;
  lost = false;
  if (endsAt && state.ends_at > endsAt) toast(t("js-interviews-extended"), { kind: "success" });
  endsAt = state.ends_at;
  must("#remote-muted").hidden = !state.other.here || state.other.mic;
  const extend = /** @type {HTMLButtonElement | null} */ (qs("#extend"));
  if (extend) extend.disabled = !state.may_extend;
  const end = qs("#end");
  if (end) end.hidden = state.state !== "running";
  show();
});
presence.addEventListener("lost", () => (lost = true));
presence.addEventListener("over", leave);
presence.addEventListener("elsewhere", () => {
  elsewhere = true;
  player.stop();
  own.stop();
  show();
});

/** What stands over the other's picture; nothing while it moves. */
function note() {
  const state = presence.state;
  if (elsewhere) return t("js-interviews-elsewhere");
  if (!state) return null;
  if (lost || player.state === "reconnecting" || own.publisher.state === "reconnecting") return t("js-interviews-reconnecting");
  if (!state.other.here) {
    if (state.other.came) return t("js-interviews-other-left");
    return t(presence.now < state.starts_at ? "js-interviews-waiting-early" : "js-interviews-waiting");
  }
  if (!state.other.camera) return t("js-interviews-camera-off");
  return Date.now() - framesAt < STILL_MS ? "" : t("js-interviews-other-here");
}

function show() {
  const text = note();
  if (text === null) return;
  const waiting = must("#waiting");
  // A weak network leaves the last picture; only a hint stands over it.
  const still = text === t("js-interviews-reconnecting") && frames > 0;
  waiting.classList.toggle("call-hint", still);
  if (text && waiting.hidden) announce(text);
  waiting.hidden = text === "" && must("#sound").hidden;
  setText(must("#waiting-text"), text);
  must("#take").hidden = !elsewhere;
}

function tick() {
  show();
  const state = presence.state;
  if (!state) return;
  const reading = read(state, presence.now);
  const texts = { before: "js-interviews-starts-in", over: "js-interviews-overtime", running: "js-interviews-left", "last-minute": "js-interviews-left" };
  setText(must("#timer"), t(texts[reading.phase], { time: reading.time }));
  must("#timer").classList.toggle("timer-warn", reading.phase === "last-minute" || reading.phase === "over");
  const warnings = { before: "", running: "", "last-minute": t("js-interviews-one-minute"), over: t("js-interviews-time-over") };
  const next = reading.nextSoon && state.next_starts_at ? t("js-interviews-next-soon", { time: formatTime(new Date(state.next_starts_at), "time") }) : "";
  if (reading.phase !== phase && warnings[reading.phase]) announce(warnings[reading.phase], true);
  phase = reading.phase;
  setText(must("#notice"), next || warnings[reading.phase]);
  must("#notice").hidden = !(next || warnings[reading.phase]);
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

async function enter() {
  elsewhere = false;
  void player.play({ sound: true });
  await own.start();
  presence.own = own.sends;
  await presence.sit();
}

must("#mute").addEventListener("click", () => own.toggleMute());
must("#hide").addEventListener("click", () => void own.toggleCamera());
must("#sound").addEventListener("click", () => player.turnSoundOn());
must("#take").addEventListener("click", () => void enter());
qs("#extend")?.addEventListener("click", () => presence.extend().catch((error) => toast(error.message, { kind: "error" })));
addEventListener("pagehide", () => {
  presence.leave();
  own.stop();
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.addEventListener("visibilitychange", () => document.hidden || void presence.beat());
setInterval(tick, 500);
void /** @type {any} */ (navigator).wakeLock?.request?.("screen").catch(() => {});
if (qs("#behind")) void import("../queue/behind.js");
await enter();
