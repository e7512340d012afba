// @ts-check
/** Makes itself noticed without any permission: the title of the window, a sound if the browser lets it, a buzz of the phone. */
import { t } from "../core/texts.js";

const BLINK_MS = 1000;
const own = document.title;
/** @type {ReturnType<typeof setInterval> | undefined} */
let blinking;

/** Rings until `hush`. @param {string} text */
export function ring(text) {
  hush();
  ping();
  // Before the first tap a phone only complains.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.([200, 100, 200]);
  let on = true;
  const blink = () => {
    document.title = on ? t("js-queue-ring-title", { text }) : own;
    on = !on;
  };
  blink();
  blinking = setInterval(blink, BLINK_MS);
}

export function hush() {
  clearInterval(blinking);
  document.title = own;
}

/** Two short notes. A browser that wants a tap first stays silent. */
export function ping() {
  try {
    const audio = new AudioContext();
    for (const [note, at] of /** @type {const} */ ([[660, 0], [880, 0.25]])) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = note;
      volume.gain.setValueAtTime(0.2, audio.currentTime + at);
      volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.22);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.22);
    }
    setTimeout(() => void audio.close(), 1000);
  } catch {
    // Without sound the title and the page still tell.
  }
}
