// @ts-check
/** The host's own picture: devices, preview, level. Tells `open` when there is something to show, `track` when one changed. */
import { icon, must, qs, setText } from "../core/dom.js";
import { t } from "../core/texts.js";
import { canShareScreen, fill, open, reasonOf, screen, track as trackOf } from "../media/devices.js";
import { watchLevel } from "../media/level.js";

export class Picture extends EventTarget {
  /** @type {MediaStream | null} */
  stream = null;
  #preview = /** @type {HTMLVideoElement} */ (must("#preview"));
  #camera = /** @type {HTMLSelectElement} */ (must("#camera"));
  #microphone = /** @type {HTMLSelectElement} */ (must("#microphone"));
  /** The camera while the screen is shown in its place. @type {MediaStreamTrack | null} */
  #resting = null;
  #sharing = false;
  #enabled = { audio: true, video: true };
  /** The screen that is shown in the camera's place. @type {MediaStreamTrack | null} */
  shared = null;
  #unwatch = () => {};

  constructor() {
    super();
    must("#start-devices").addEventListener("click", () => void this.start());
    this.#camera.addEventListener("change", () => void this.#switch("video", this.#camera.value));
    this.#microphone.addEventListener("change", () => void this.#switch("audio", this.#microphone.value));
    if (!canShareScreen()) must("#share-screen").hidden = true;
  }

  /** Starts at once if the person has allowed it before. */
  async begin() {
    if (!globalThis.isSecureContext) return this.#note("insecure");
    const allowed = await navigator.permissions?.query({ name: /** @type {PermissionName} */ ("camera") }).catch(() => null);
    if (allowed?.state === "granted") await this.start();
  }

  async start() {
    must("#start-devices").setAttribute("aria-busy", "true");
    try {
      this.stream = await open({ camera: localStorage.getItem("camera") ?? undefined, microphone: localStorage.getItem("microphone") ?? undefined });
    } catch (error) {
      return this.#note(reasonOf(error));
    } finally {
      must("#start-devices").removeAttribute("aria-busy");
    }
    const id = (/** @type {MediaStreamTrack | undefined} */ track) => track?.getSettings().deviceId;
    await fill(this.#camera, "videoinput", id(this.stream.getVideoTracks()[0]), (n) => t("js-studio-camera-n", { n }));
    await fill(this.#microphone, "audioinput", id(this.stream.getAudioTracks()[0]), (n) => t("js-studio-mic-n", { n }));
    this.#show();
    this.#listen();
    this.dispatchEvent(new Event("open"));
  }

  /** @param {"audio" | "video"} kind @param {boolean} enabled */
  setEnabled(kind, enabled) {
    this.#enabled[kind] = enabled;
    for (const track of this.stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = enabled;
    this.#show();
  }

  async toggleScreen() {
    if (this.#sharing) return this.#stopScreen();
    const shared = await screen();
    if (!shared) return;
    shared.addEventListener("ended", () => this.#stopScreen());
    this.stream ??= new MediaStream();
    this.#resting = this.stream.getVideoTracks()[0] ?? null;
    this.#sharing = true;
    this.shared = shared;
    this.#put("video", shared, false);
    must("#share-screen").setAttribute("aria-pressed", "true");
    this.dispatchEvent(new Event("open"));
  }

  #stopScreen() {
    if (!this.#sharing) return;
    this.#sharing = false;
    this.shared = null;
    must("#share-screen").setAttribute("aria-pressed", "false");
    this.stream?.getVideoTracks().forEach((track) => track.stop());
    this.#put("video", this.#resting, false);
  }

  /** @param {"audio" | "video"} kind @param {string} id */
  async #switch(kind, id) {
    try {
      const track = await trackOf(kind, id);
      localStorage.setItem(kind === "video" ? "camera" : "microphone", id);
      if (kind === "video" && this.#sharing) this.#resting = track;
      else this.#put(kind, track, true);
      if (kind === "audio") this.#listen();
    } catch (error) {
      this.#note(reasonOf(error));
    }
  }

  /** @param {"audio" | "video"} kind @param {MediaStreamTrack | null} track @param {boolean} stopOld */
  #put(kind, track, stopOld) {
    const old = this.stream?.getTracks().find((t) => t.kind === kind);
    if (track) track.enabled = this.#enabled[kind];
    this.dispatchEvent(new CustomEvent("track", { detail: { kind, track } }));
    if (old && old !== track) {
      this.stream?.removeTrack(old);
      if (stopOld) old.stop();
    }
    if (track && !this.stream?.getTracks().includes(track)) this.stream?.addTrack(track);
    this.#show();
  }

  #listen() {
    this.#unwatch();
    const [audio] = this.stream?.getAudioTracks() ?? [];
    const meter = /** @type {HTMLMeterElement} */ (must("#level"));
    this.#unwatch = audio ? watchLevel(audio, (level) => (meter.value = level)) : () => {};
  }

  #show() {
    const video = this.stream?.getVideoTracks()[0];
    if (this.#preview.srcObject !== this.stream) this.#preview.srcObject = this.stream;
    this.#preview.classList.toggle("mirror", !this.#sharing);
    void this.#preview.play().catch(() => {});
    const off = !video || !this.#enabled.video;
    must("#studio-note").hidden = !off;
    if (off) this.#note("camera-is-off");
  }

  /** @param {string} name */
  #note(name) {
    const box = must("#studio-note");
    box.hidden = false;
    box.querySelector(".icon")?.replaceWith(icon(name === "camera-is-off" ? "camera-off" : "warning"));
    setText(qs("#studio-note-title"), t(`js-studio-${name}`));
    setText(qs("#studio-note-text"), t(`js-studio-${name}-text`));
    must("#start-devices").hidden = name === "camera-is-off" || name === "insecure";
  }
}
