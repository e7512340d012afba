// @ts-check
// Records a voice clip of a minute at most, to be heard before it is sent.
import { qs } from "../core/dom.js";

const LONGEST = 60;
const box = /** @type {HTMLElement} */ (qs("[data-recorder]"));
const start = /** @type {HTMLButtonElement} */ (qs("[data-record]", box));
const stop = /** @type {HTMLButtonElement} */ (qs("[data-stop]", box));
const time = /** @type {HTMLElement} */ (qs("[data-time]", box));
const heard = /** @type {HTMLAudioElement} */ (qs("[data-heard]", box));
const failed = /** @type {HTMLElement} */ (qs("[data-failed]", box));
const input = /** @type {HTMLInputElement} */ (document.getElementById("file-voice"));
/** Of these a browser has one. */
const KINDS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];

const kind = typeof MediaRecorder === "undefined" ? undefined : KINDS.find((one) => MediaRecorder.isTypeSupported(one));
if (kind && navigator.mediaDevices) box.hidden = false;

/** @param {boolean} on */
function show(on) {
  start.hidden = on;
  stop.hidden = !on;
  if (on) stop.focus();
  else start.focus();
}

start.addEventListener("click", async () => {
  failed.hidden = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    failed.hidden = false;
    return;
  }
  const recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 32_000 });
  /** @type {Blob[]} */
  const parts = [];
  const began = Date.now();
  const tick = setInterval(() => {
    const seconds = Math.floor((Date.now() - began) / 1000);
    time.textContent = `0:${String(Math.min(seconds, 59)).padStart(2, "0")}`;
    if (seconds >= LONGEST && recorder.state === "recording") recorder.stop();
  }, 250);
  recorder.addEventListener("dataavailable", ({ data }) => parts.push(data));
  recorder.addEventListener("stop", () => {
    clearInterval(tick);
    stream.getTracks().forEach((track) => track.stop());
    const plain = (kind ?? "").replace(/;.*/, "");
    const file = new File(parts, `voice.${plain.replace("audio/", "")}`, { type: plain });
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
    heard.src = URL.createObjectURL(file);
    heard.hidden = false;
    show(false);
  });
  stop.onclick = () => recorder.stop();
  recorder.start(1000);
  show(true);
});
