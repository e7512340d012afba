// @ts-check
/** Which camera and microphone somebody chose, kept from the check to the call and to the next interview; and plain words for
 * why there is none. */
import { t } from "../core/texts.js";

const KEY = "sb-devices";

/** @returns {import("../media/devices.js").Wish} */
export function loadChoice() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {import("../media/devices.js").Wish} choice */
export function saveChoice(choice) {
  try {
    localStorage.setItem(KEY, JSON.stringify(choice));
  } catch {
    // Private windows may refuse; the default devices do.
  }
}

/** Plays on the speaker that was chosen in the check, where the browser lets pages choose. @param {HTMLMediaElement} element */
export async function chooseSpeaker(element) {
  const { speaker } = loadChoice();
  // One that was unplugged since is no reason for silence.
  if (speaker && "setSinkId" in element) await /** @type {any} */ (element).setSinkId(speaker).catch(() => {});
}

/**
 * What a person can do about it.
 * @param {import("../media/devices.js").Reason} reason
 * @param {boolean} [audioOnly]
 */
export function words(reason, audioOnly = false) {
  switch (reason) {
    case "denied":
      return t(audioOnly ? "js-media-denied-audio" : "js-media-denied");
    case "busy":
      return t("js-media-busy");
    case "insecure":
      return t("js-media-insecure");
    default:
      return t(navigator.mediaDevices ? "js-media-none" : "js-media-unsupported");
  }
}
