// @ts-check
/** The own side of a call: camera and microphone, and what is sent of them. No DOM. Events: `change`, `problem` (a reason of `devices.js`). */
import { DeviceError, FACE, open, reasonOf } from "../media/devices.js";
import { WhipPublisher } from "../media/publisher.js";
import { loadChoice, saveChoice } from "./choices.js";

export class Own extends EventTarget {
  /** @type {MediaStream | null} */
  stream = null;
  muted = false;
  hidden = false;
  #choice = loadChoice();

  /** @param {string} url of the interview */
  constructor(url) {
    super();
    // Two people see each other in one size; copies in others would only cost the sender's network.
    this.publisher = new WhipPublisher({ url: `${url}/whip`, simulcast: false });
    this.hidden = this.#choice.audioOnly ?? false;
  }

  get hasCamera() {
    return Boolean(this.stream?.getVideoTracks().length);
  }

  /** What the other side should know. */
  get sends() {
    return { mic: Boolean(this.stream?.getAudioTracks().length) && !this.muted, camera: this.hasCamera && !this.hidden };
  }

  async start() {
    try {
      this.stream = await open({ ...this.#choice, picture: FACE });
      for (const track of this.stream.getTracks()) track.addEventListener("ended", () => void this.#lost());
      if (!this.hasCamera) this.hidden = true;
      await this.publisher.publish(this.stream);
    } catch (error) {
      this.#problem(error);
    }
    this.#changed();
  }

  /** A device was unplugged, or the system took it away: try what is left. */
  async #lost() {
    this.stop();
    await this.start();
    this.publisher.setEnabled("audio", !this.muted);
    this.publisher.setEnabled("video", !this.hidden);
  }

  toggleMute() {
    this.muted = !this.muted;
    this.publisher.setEnabled("audio", !this.muted);
    this.#changed();
  }

  /** Shows or hides the own picture; somebody who came with voice only may add a camera. */
  async toggleCamera() {
    if (this.hidden && !this.hasCamera) {
      if (!(await this.#addCamera())) return this.#changed();
    }
    this.hidden = !this.hidden;
    this.publisher.setEnabled("video", !this.hidden);
    this.#changed();
  }

  async #addCamera() {
    try {
      const opened = await navigator.mediaDevices.getUserMedia({ video: FACE });
      const [track] = opened.getVideoTracks();
      if (!track) throw new DeviceError("missing");
      saveChoice({ ...this.#choice, audioOnly: false });
      // Adds it to the stream as well.
      await this.publisher.replace("video", track);
      return true;
    } catch (error) {
      this.#problem(error);
      return false;
    }
  }

  stop() {
    this.publisher.stop();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
  }

  /** @param {unknown} error */
  #problem(error) {
    this.dispatchEvent(new CustomEvent("problem", { detail: reasonOf(error) }));
  }

  #changed() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
