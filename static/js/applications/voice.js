// @ts-check
/** Records a voice note into the form's field for a file, so that it is sent, kept and restored like a picked one. */
import { must, qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** What browsers record, best first: Opus is a tenth of what else there is. @type {[string, string][]} */
const KINDS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm", "webm"],
];
/** Clear for speech. */
const BITS = 24000;

const note = must("#voice-note");
/** @param {string} name */
const part = (name) => must(`[data-voice=${name}]`, note);
const record = part("record");
const stop = part("stop");
const remove = part("remove");
const said = part("said");
const heard = /** @type {HTMLAudioElement} */ (part("heard"));
const input = /** @type {HTMLInputElement} */ (must("input[type=file]", note));
const most = Number(note.dataset.seconds);

/** @type {MediaRecorder | undefined} */
let recorder;
/** How many seconds were said. */
let seconds = 0;
/** What the page plays. */
let url = "";

/** @param {boolean} recording */
function show(recording) {
  const some = Boolean(input.files?.length);
  record.hidden = recording;
  stop.hidden = !recording;
  remove.hidden = recording || !some;
  heard.hidden = recording || !some;
  said.hidden = !recording && !some;
  setText(must("span", record), some ? t("js-voice-again") : (record.dataset.first ?? ""));
}

/** Plays what is in the field now, whoever put it there. */
function hear() {
  URL.revokeObjectURL(url);
  const file = input.files?.[0];
  url = file ? URL.createObjectURL(file) : "";
  if (url) heard.src = url;
  else heard.removeAttribute("src");
  setText(said, file && seconds ? t("js-voice-done", { n: seconds }) : "");
  show(false);
}

/** @param {File | null} file */
function put(file) {
  const list = new DataTransfer();
  if (file) list.items.add(file);
  input.files = list.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

async function start() {
  const kind = KINDS.find(([type]) => MediaRecorder.isTypeSupported(type));
  /** @type {MediaStream} */
  let sound;
  try {
    sound = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
  } catch {
    return toast(t("js-voice-no-mic"), { kind: "error" });
  }
  recorder = new MediaRecorder(sound, { mimeType: kind?.[0], audioBitsPerSecond: BITS });
  /** @type {Blob[]} */
  const pieces = [];
  const began = performance.now();
  const tick = setInterval(() => {
    seconds = Math.round((performance.now() - began) / 1000);
    setText(said, t("js-voice-left", { n: Math.max(0, most - seconds) }));
    if (seconds >= most) recorder?.stop();
  }, 250);
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.onstop = () => {
    clearInterval(tick);
    for (const track of sound.getTracks()) track.stop();
    recorder = undefined;
    put(new File(pieces, `voice.${kind?.[1] ?? "webm"}`, { type: pieces[0]?.type }));
    heard.focus();
  };
  heard.pause();
  seconds = 0;
  setText(said, t("js-voice-left", { n: most }));
  recorder.start(1000);
  show(true);
  stop.focus();
}

if ("MediaRecorder" in globalThis && navigator.mediaDevices) {
  record.dataset.first = record.textContent?.trim() ?? "";
  record.addEventListener("click", () => void start());
  stop.addEventListener("click", () => recorder?.stop());
  remove.addEventListener("click", () => {
    seconds = 0;
    put(null);
    record.focus();
  });
  input.addEventListener("change", hear);
  // Whoever sends while they speak sends what they have said so far once they stop.
  qs("#apply")?.addEventListener("submit", (event) => recorder && (event.preventDefault(), event.stopImmediatePropagation(), recorder.stop()), { capture: true });
  await ready;
  part("tools").hidden = false;
  hear();
}
