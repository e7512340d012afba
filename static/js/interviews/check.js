// @ts-check
/** Lets people see and hear themselves before they join. On the page of an interview it appears in time; in a line there is no time to come. */
import { announce, must, qs } from "../core/dom.js";
import { json } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { FACE, fill, open as openDevices, reasonOf } from "../media/devices.js";
import { watchLevel } from "../media/level.js";
import { loadChoice, saveChoice, words } from "./choices.js";

/** Often enough that nobody who waits is late, seldom enough for a thousand open pages. */
const ASK_MS = 15000;
/** Whoever waits for the employer's people should not wait for that as well. */
const KNOCK_MS = 4000;

const check = must("#check");
const preview = /** @type {HTMLVideoElement} */ (must("#preview"));
const camera = /** @type {HTMLSelectElement} */ (must("#camera"));
const microphone = /** @type {HTMLSelectElement} */ (must("#microphone"));
const audioOnly = /** @type {HTMLInputElement} */ (must("#audio-only"));
const choice = loadChoice();
/** @type {MediaStream | null} */
let stream = null;
let stopLevel = () => {};

async function start() {
  stop();
  const problem = must("#check-problem");
  problem.hidden = true;
  try {
    stream = await openDevices({ ...choice, picture: FACE });
  } catch (error) {
    must("p", problem).textContent = words(reasonOf(error), choice.audioOnly);
    problem.hidden = false;
    must("#check-start").hidden = false;
    return;
  }
  await show(stream);
}

/** @param {MediaStream} opened */
async function show(opened) {
  const [picture] = opened.getVideoTracks();
  const [sound] = opened.getAudioTracks();
  preview.srcObject = opened;
  must("#preview-note").textContent = picture ? t("js-media-camera-on") : t(choice.audioOnly ? "js-media-audio-only" : "js-media-no-camera");
  must("#check-start").hidden = true;
  const level = /** @type {HTMLMeterElement} */ (must("#level"));
  if (sound) stopLevel = watchLevel(sound, (value) => (level.value = value));
  await fill(camera, "videoinput", picture?.getSettings().deviceId, (n) => t("js-media-camera-n", { n }));
  if (qs("#speaker-test")) void import("../calls/check.js").then(({ offerSpeakers }) => offerSpeakers());
  await fill(microphone, "audioinput", sound?.getSettings().deviceId, (n) => t("js-media-microphone-n", { n }));
  camera.disabled = audioOnly.checked;
}

function stop() {
  stopLevel();
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  preview.srcObject = null;
}

function changed() {
  if (camera.value) choice.camera = camera.value;
  if (microphone.value) choice.microphone = microphone.value;
  choice.audioOnly = audioOnly.checked;
  camera.disabled = audioOnly.checked;
  saveChoice({ ...choice, speaker: loadChoice().speaker });
  if (stream) void start();
}

/** Asks the server, whose clock counts, whether the call is open and whether anything has changed. */
async function ask() {
  if (document.hidden || !check.dataset.url) return;
  const now = await json("GET", `${check.dataset.url}/state`).catch(() => null);
  if (!now) return;
  if (now.open && check.hidden) open();
  knock(now);
  if (check.dataset.state === "booked" && (now.state === "cancelled" || now.state === "no-show")) location.reload();
}

/** Tells the employer's people who waits; going in then lets them in as well. @param {import("./presence.js").CallState} state */
function knock(state) {
  const join = /** @type {HTMLAnchorElement | null} */ (qs("#join"));
  const name = check.dataset.waits;
  if (!join || !name) return;
  const waits = (state.door === "waits" || state.door === "sent-back") && state.other.here;
  const [path] = join.href.split("#");
  join.href = waits ? `${path}#admit` : (path ?? "");
  const label = waits ? t("js-calls-join-admit", { name }) : t("js-calls-join");
  if (join.textContent === label) return;
  join.textContent = label;
  if (waits) announce(t("js-calls-came-waits", { name }), true);
}

function open() {
  check.hidden = false;
  const waiting = qs("[data-waiting]");
  if (waiting) waiting.hidden = true;
  void startIfAllowed();
}

/** Whoever has allowed it before sees the picture at once; nobody is asked out of the blue. */
async function startIfAllowed() {
  const asked = /** @type {PermissionName[]} */ (/** @type {unknown} */ (["camera", "microphone"]));
  const states = await Promise.all(asked.map((name) => navigator.permissions?.query({ name }).catch(() => null)));
  if (states.every((s) => s?.state === "granted")) await start();
}

await ready;
audioOnly.checked = camera.disabled = choice.audioOnly ?? false;
for (const input of [camera, microphone, audioOnly]) input.addEventListener("change", changed);
must("#check-start").addEventListener("click", () => void start());
qs("#join")?.addEventListener("click", changed);
addEventListener("pagehide", stop);
must("#speaker-test").addEventListener("click", () => void import("../calls/check.js").then(({ playTone }) => playTone()));
must("#network-test").addEventListener("click", () => void import("../calls/check.js").then(({ testNetwork }) => testNetwork()));
for (const select of [camera, microphone]) select.replaceChildren(new Option(t("js-media-default"), ""));
if (!check.hidden) void startIfAllowed();
setInterval(() => void ask(), check.dataset.waits ? KNOCK_MS : ASK_MS);
void ask();
