// @ts-check
/** Recording in a call: asks everybody, shows whether it runs, and says aloud when it begins and ends. */
import { announce, must, qs, setText } from "../core/dom.js";
import { confirm } from "../core/dialog.js";
import { json } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

const ASK_MS = 1500;

/**
 * @typedef {object} Told see `src/recordings/mod.rs`
 * @property {"off" | "asked" | "refused" | "recording"} state
 * @property {"" | "yes" | "no" | "withdrawn"} mine
 * @property {number} awaited
 * @property {string} ended
 * @property {number} run
 * @property {number} keep_days
 */

await ready;
const bar = must("#recording");
const url = bar.dataset.url ?? "";
const leads = bar.dataset.me === "employer";
const dialog = /** @type {HTMLDialogElement} */ (must("#rec-dialog"));
/** @type {Told | null} */
let told = null;
/** Somebody has closed the question for now, for this run of asking. */
let put_off = false;

/** @param {Told} now */
function show(now) {
  const before = told;
  told = now;
  const records = now.state === "recording";
  if (records && (before?.state !== "recording" || before.run !== now.run)) say(t("js-recordings-started"), true);
  if (!records && before?.state === "recording") say(ended(now.ended), false);
  if (now.state === "off") put_off = false;
  bar.dataset.state = now.state;
  setText(must("#rec-text"), words(now));
  setText(must("[data-long]", dialog), t("js-recordings-long", { n: now.keep_days }));
  const agreed = now.mine === "yes";
  visible("#rec-ask", leads && now.state === "off");
  visible("#rec-stop", leads && (records || now.state === "asked") && agreed);
  visible("#rec-withdraw", !leads && agreed && (records || now.state === "asked"));
  visible("#rec-change", now.state !== "off" && !records && !agreed);
  bar.hidden = !leads && now.state === "off";
  if (now.state === "asked" && now.mine === "" && !put_off && !dialog.open) dialog.showModal();
  if (now.state === "off" && dialog.open && !leads) dialog.close();
}

/** @param {Told} now */
function words({ state, mine, awaited }) {
  if (state === "recording") return t("js-recordings-on");
  if (state === "asked") return awaited > 0 ? t("js-recordings-waiting", { n: awaited }) : t("js-recordings-waiting-other");
  if (state === "refused") return t(mine === "yes" ? "js-recordings-refused" : "js-recordings-refused-own");
  return "";
}

/** @param {string} reason */
function ended(reason) {
  const texts = /** @type {Record<string, string>} */ ({
    newcomer: "js-recordings-stopped-newcomer",
    withdrawn: "js-recordings-stopped-withdrawn",
    disk: "js-recordings-stopped-disk",
    full: "js-recordings-stopped-full",
  });
  return t(texts[reason] ?? "js-recordings-stopped");
}

/**
 * To eye, screen reader and ear.
 * @param {string} text
 * @param {boolean} begins
 */
function say(text, begins) {
  toast(text);
  announce(text, true);
  beep(begins ? [660, 880] : [880, 660]);
}

/** @param {number[]} tones */
function beep(tones) {
  try {
    const context = new AudioContext();
    const volume = context.createGain();
    volume.gain.value = 0.08;
    volume.connect(context.destination);
    tones.forEach((tone, n) => {
      const source = context.createOscillator();
      source.frequency.value = tone;
      source.connect(volume);
      source.start(context.currentTime + n * 0.18);
      source.stop(context.currentTime + n * 0.18 + 0.15);
    });
    setTimeout(() => void context.close(), 1000);
  } catch {
    // Without sound there are still the mark and the words.
  }
}

/**
 * @param {string} selector
 * @param {boolean} yes
 */
function visible(selector, yes) {
  const button = qs(selector);
  if (button) button.hidden = !yes;
}

/**
 * @param {string} path
 * @param {object} [body]
 */
async function act(path, body = {}) {
  try {
    show(await json("POST", `${url}/${path}`, { json: body, timeout: 30000 }));
  } catch (error) {
    toast(/** @type {Error} */ (error).message, { kind: "error" });
  }
}

async function follow() {
  try {
    show(await json("GET", `${url}/state`, { timeout: 5000 }));
  } catch {
    // The call's own page says that the network is away.
  }
  setTimeout(() => void follow(), ASK_MS);
}

qs("#rec-ask")?.addEventListener("click", () => dialog.showModal());
qs("#rec-stop")?.addEventListener("click", () => void act("stops"));
must("#rec-change").addEventListener("click", () => dialog.showModal());
must("#rec-withdraw").addEventListener("click", async () => {
  const question = { title: t("js-recordings-withdraw-confirm"), text: t("js-recordings-withdraw-text"), ok: t("js-recordings-withdraw-ok"), danger: true };
  if (await confirm(question)) await act("answers", { answer: "no" });
});
must("#rec-yes").addEventListener("click", () => {
  dialog.close();
  void act(leads && told?.state === "off" ? "requests" : "answers", { answer: "yes" });
});
must("#rec-no").addEventListener("click", () => {
  dialog.close();
  // Who asks has only to leave it; who is asked has answered.
  if (told?.state !== "off" && told?.mine === "") void act("answers", { answer: "no" });
});
dialog.addEventListener("close", () => (put_off = true));
await follow();
