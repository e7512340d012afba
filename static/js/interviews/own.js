// @ts-check
/** The own side of a call: camera and microphone, and what is sent of them. No DOM. Events: `change`, `problem` (a reason of `devices.js`),
 * `lost` (a device was unplugged: its kind, and whether another one took its place). */
import { DeviceError, FACE, open, reasonOf, simply } from "../media/devices.js";
import { WhipPublisher } from "../media/publisher.js";
import { loadChoice, saveChoice } from "./choices.js";

/** @typedef {"audio" | "video"} Kind */

export class Own extends EventTarget {
  /** @type {MediaStream | null} */
  stream = null;
  muted = false;
  hidden = false;
  /** The own network is too weak for a picture just now. */
  spared = false;
  #choice = loadChoice();
  /** @type {Set<Kind>} what was unplugged and is awaited */
  #missing = new Set();

  /** @param {string} url of the interview */
  constructor(url) {
    super();
    this.publisher = new WhipPublisher({ url: `${url}/whip`, layers: "call" });
    this.hidden = this.#choice.audioOnly ?? false;
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.#found());
  }

  get hasCamera() {
    return Boolean(this.stream?.getVideoTracks().length);
  }

  get hasMicrophone() {
    return Boolean(this.stream?.getAudioTracks().length);
  }

  /** What the other side should know. */
  get sends() {
    return { mic: this.hasMicrophone && !this.muted, camera: this.hasCamera && !this.hidden && !this.spared };
  }

  /** Opens the devices. Whoever has none, or says no, may be in the call all the same. */
  async open() {
    try {
      this.stream = await open({ ...this.#choice, picture: FACE });
    } catch (error) {
      this.stream = new MediaStream();
      this.#problem(error);
    }
    for (const track of this.stream.getTracks()) this.#watch(track);
    if (!this.hasCamera) this.hidden = true;
    this.#apply();
  }

  /** Sends what is open. */
  publish() {
    return this.publisher.publish(this.stream ?? new MediaStream());
  }

  /** @param {MediaStreamTrack} track */
  #watch(track) {
    track.addEventListener("ended", () => void this.#lost(track));
  }

  /** A device was unplugged, or the system took it away: another one does. @param {MediaStreamTrack} track */
  async #lost(track) {
    if (!this.stream?.getTracks().includes(track)) return;
    const kind = /** @type {Kind} */ (track.kind);
    const replaced = await this.#take(kind);
    if (!replaced) {
      await this.publisher.replace(kind, null);
      this.#missing.add(kind);
      if (kind === "video") this.hidden = true;
    }
    this.dispatchEvent(new CustomEvent("lost", { detail: { kind, replaced } }));
    this.#apply();
  }

  /** Something was plugged in: perhaps what is missing. */
  async #found() {
    for (const kind of [...this.#missing]) {
      if (!(await this.#take(kind))) continue;
      if (kind === "video") this.hidden = false;
      this.#apply();
    }
  }

  /** Opens any device of a kind and sends it. @param {Kind} kind */
  async #take(kind) {
    try {
      const track = await simply(kind);
      this.#missing.delete(kind);
      this.#watch(track);
      await this.publisher.replace(kind, track);
      return true;
    } catch {
      return false;
    }
  }

  toggleMute() {
    if (!this.hasMicrophone) return void this.#add("audio");
    this.muted = !this.muted;
    this.#apply();
  }

  /** Shows or hides the own picture; somebody who came with voice only may add a camera. */
  async toggleCamera() {
    if (this.hidden && !this.hasCamera) return this.#add("video");
    this.hidden = !this.hidden;
    this.#apply();
  }

  /** @param {Kind} kind */
  async #add(kind) {
    try {
      const track = await simply(kind);
      if (kind === "video") saveChoice({ ...this.#choice, audioOnly: false });
      this.#watch(track);
      // Adds it to the stream as well.
      await this.publisher.replace(kind, track);
      if (kind === "video") this.hidden = false;
      else this.muted = false;
    } catch (error) {
      this.#problem(error);
    }
    this.#apply();
  }

  /** Sends no picture for as long as the network is too weak for it. @param {boolean} spared */
  spare(spared) {
    if (spared === this.spared) return;
    this.spared = spared;
    this.#apply();
  }

  /** Whether this camera can blur what is behind a person by itself. */
  get canBlur() {
    const [track] = this.stream?.getVideoTracks() ?? [];
    const offered = /** @type {any} */ (track?.getCapabilities?.())?.backgroundBlur;
    return Array.isArray(offered) && offered.length > 1;
  }

  /** @param {boolean} on */
  async blur(on) {
    await this.stream?.getVideoTracks()[0]?.applyConstraints(/** @type {any} */ ({ ...FACE, backgroundBlur: on }));
  }

  stop() {
    this.publisher.stop();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  #apply() {
    this.publisher.setEnabled("audio", !this.muted);
    this.publisher.setEnabled("video", !this.hidden && !this.spared);
    for (const track of this.stream?.getTracks() ?? []) track.enabled = track.kind === "audio" ? !this.muted : !this.hidden && !this.spared;
    this.dispatchEvent(new CustomEvent("change"));
  }

  /** @param {unknown} error */
  #problem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: error instanceof DeviceError ? error.reason : reasonOf(error) }));
  }
}
