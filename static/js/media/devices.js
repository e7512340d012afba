// @ts-check
/** Cameras, microphones and the screen, with the reasons why there may be none. */

/** Sharp enough for a face and a sheet of paper, light enough for a phone that sends three sizes of it. */
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** @typedef {"denied" | "missing" | "busy" | "insecure"} Reason */

/** Why there is no picture or sound. */
export class DeviceError extends Error {
  /** @param {Reason} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @param {unknown} error @returns {Reason} */
export function reasonOf(error) {
  if (error instanceof DeviceError) return error.reason;
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "missing";
}

/** Enough for two people who look at one another. */
export const FACE = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 24, max: 30 } };

/** @typedef {{camera?: string, microphone?: string, speaker?: string, audioOnly?: boolean, picture?: MediaTrackConstraints}} Wish */

/**
 * Opens camera and microphone. What is missing is left out as long as one of them is there.
 * @param {Wish} [wish]
 * @returns {Promise<MediaStream>}
 * @throws {DeviceError}
 */
export async function open({ camera, microphone, audioOnly = false, picture = VIDEO } = {}) {
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError(globalThis.isSecureContext ? "missing" : "insecure");
  const video = { ...picture, ...(camera ? { deviceId: { ideal: camera } } : {}) };
  const audio = { ...AUDIO, ...(microphone ? { deviceId: { ideal: microphone } } : {}) };
  /** @type {unknown} */
  let first;
  for (const wanted of audioOnly ? [{ audio }] : [{ video, audio }, { video }, { audio }]) {
    try {
      return await navigator.mediaDevices.getUserMedia(wanted);
    } catch (error) {
      first ??= error;
      if (reasonOf(error) === "denied") break;
    }
  }
  throw new DeviceError(reasonOf(first));
}

/**
 * One track of a device.
 * @param {"audio" | "video"} kind
 * @param {string} id
 */
export async function track(kind, id) {
  const wanted = kind === "video" ? { video: { ...VIDEO, deviceId: { exact: id } } } : { audio: { ...AUDIO, deviceId: { exact: id } } };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  return /** @type {MediaStreamTrack} */ (stream.getTracks()[0]);
}

/** Any device of a kind, for a call. @param {"audio" | "video"} kind */
export async function simply(kind) {
  const stream = await navigator.mediaDevices.getUserMedia(kind === "video" ? { video: FACE } : { audio: AUDIO });
  const [track] = stream.getTracks();
  if (!track) throw new DeviceError("missing");
  return track;
}

/** The screen, a window or a tab; null if the person changed their mind. */
export async function screen() {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15 } } });
    const [video] = stream.getVideoTracks();
    if (video) video.contentHint = "detail";
    return video ?? null;
  } catch {
    return null;
  }
}

export const canShareScreen = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

/**
 * Fills a select with the devices of a kind; hidden names (before permission) are numbered.
 * @param {HTMLSelectElement} select
 * @param {"videoinput" | "audioinput" | "audiooutput"} kind
 * @param {string | undefined} current
 * @param {(n: number) => string} nameless
 */
export async function fill(select, kind, current, nameless) {
  const devices = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === kind && d.deviceId);
  if (!devices.length) return;
  select.replaceChildren(...devices.map((device, n) => new Option(device.label || nameless(n + 1), device.deviceId, false, device.deviceId === current)));
  select.disabled = false;
}
