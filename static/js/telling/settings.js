// @ts-check
/** The page of how somebody wants to be told: messages of this browser, the zone of quiet hours. */
import { must, qs } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { ready, t } from "../core/texts.js";

const button = /** @type {HTMLButtonElement} */ (must("#push-on"));
const said = must("#push-state");

/** @param {string} text */
function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (c) => c.charCodeAt(0));
}

/** Why this browser cannot, or an empty text. */
function missing() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return t("js-telling-push-unable");
  if (Notification.permission === "denied") return t("js-telling-push-denied");
  return "";
}

async function subscribe() {
  const permission = await Notification.requestPermission();
  if (permission !== "granted") throw new Problem({ status: 0, detail: t(permission === "denied" ? "js-telling-push-denied" : "js-telling-push-asked") });
  await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
  const worker = await navigator.serviceWorker.ready;
  const key = must("#push").dataset.key ?? "";
  // One for another key, as after a server was set up anew, takes nothing of ours.
  await (await worker.pushManager.getSubscription())?.unsubscribe();
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  await post("/me/telling/devices", subscription.toJSON());
}

await ready;
// Until somebody has chosen, the zone is the one that they are in.
if (!(/** @type {HTMLInputElement} */ (must("#on")).checked || qs("#zone-error"))) {
  /** @type {HTMLInputElement} */ (must("#zone")).value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const why = missing();
if (why) {
  button.disabled = true;
  said.textContent = why;
}
button.addEventListener("click", async () => {
  button.disabled = true;
  said.textContent = "";
  try {
    await subscribe();
    location.reload();
  } catch (error) {
    // Of the browser's own errors people understand none.
    said.textContent = error instanceof Problem ? error.message : t("js-telling-push-failed");
    button.disabled = false;
  }
});
