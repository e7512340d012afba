// @ts-check
/** The rest of the check before a call: can one hear, and does the network carry it. Loaded when it is asked for. */
import { must, qs, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { fill } from "../media/devices.js";
import { media } from "../network/probe.js";
import { LOOKS, verdict } from "../network/verdict.js";
import { chooseSpeaker, loadChoice, saveChoice } from "../interviews/choices.js";

/** Two notes, long enough to look for the volume. */
const TONE = [440, 0.45, 660, 0.6];

/** Offers the speakers where the browser lets pages choose one. */
export async function offerSpeakers() {
  const select = /** @type {HTMLSelectElement | null} */ (qs("#speaker"));
  if (!select || !("setSinkId" in HTMLMediaElement.prototype)) return;
  select.replaceChildren(new Option(t("js-calls-speaker-default"), ""));
  await fill(select, "audiooutput", loadChoice().speaker, (n) => t("js-calls-speaker-n", { n }));
  must("#speaker-field").hidden = select.options.length < 2;
  select.onchange = () => saveChoice({ ...loadChoice(), speaker: select.value });
}

/** Plays a short tone on the chosen speaker. */
export async function playTone() {
  const context = new AudioContext();
  const out = context.createMediaStreamDestination();
  const gain = context.createGain();
  gain.gain.value = 0.2;
  gain.connect(out);
  let at = context.currentTime + 0.05;
  for (let n = 0; n < TONE.length; n += 2) {
    const note = context.createOscillator();
    note.frequency.value = TONE[n] ?? 440;
    note.connect(gain);
    note.start(at);
    at += TONE[n + 1] ?? 0.5;
    note.stop(at);
  }
  const audio = new Audio();
  audio.srcObject = out.stream;
  await chooseSpeaker(audio);
  const hint = must("#speaker-note");
  hint.hidden = false;
  setText(hint, t("js-calls-speaker-playing"));
  await audio.play().catch(() => {});
  setTimeout(() => {
    audio.srcObject = null;
    void context.close();
  }, 2000);
}

/** Tries the ways to the media port, and says in words what to do. */
export async function testNetwork() {
  const button = /** @type {HTMLButtonElement} */ (must("#network-test"));
  const hint = must("#network-note");
  button.disabled = true;
  hint.className = "banner";
  hint.hidden = false;
  setText(hint, t("js-calls-network-running"));
  const [udp, tcp] = await Promise.all([media("udp"), media("tcp")]);
  // Where TCP has no port of its own it comes by the pages' one.
  const web = tcp.state === "fail" || tcp.state === "unsupported" ? await media("web") : undefined;
  const result = verdict({ udp, tcp, web });
  const words = { good: "js-calls-network-good", slow: "js-calls-network-tcp", weak: "js-calls-network-weak", unknown: "js-calls-network-weak", text: "js-calls-network-none", none: "js-calls-network-none", unsupported: "js-media-unsupported" };
  if (LOOKS[result].kind) hint.classList.add(LOOKS[result].kind);
  hint.dataset.verdict = result;
  setText(hint, t(words[result]));
  button.disabled = false;
}
