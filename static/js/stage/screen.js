// @ts-check
/** A shared screen beside the camera: a second publisher in a seat of its own, until the browser's own stop is pressed. */
import { toast } from "../core/toast.js";
import { screen } from "../media/devices.js";
import { WhipPublisher } from "../media/publisher.js";

export class ScreenShare {
  /** @type {WhipPublisher | null} */
  #publisher = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #url;
  #changed;

  /** @param {string} url to publish to @param {() => void} changed */
  constructor(url, changed) {
    this.#url = url;
    this.#changed = changed;
  }

  get on() {
    return this.#publisher !== null;
  }

  get seat() {
    return this.#publisher?.seat ?? null;
  }

  get track() {
    return this.#track;
  }

  async toggle() {
    if (this.on) return this.stop();
    const track = await screen();
    if (!track || this.on) return;
    // Letters stay sharp; that a picture comes less often is no harm.
    track.contentHint = "text";
    track.addEventListener("ended", () => this.stop());
    const publisher = new WhipPublisher({ url: this.#url, simulcast: false });
    [this.#track, this.#publisher] = [track, publisher];
    publisher.addEventListener("state", () => {
      if (publisher.state === "refused" || publisher.state === "unsupported") {
        toast(publisher.refusal?.message || publisher.state, { kind: "error" });
        this.stop();
      } else this.#changed();
    });
    this.#changed();
    await publisher.publish(new MediaStream([track]));
  }

  stop() {
    const publisher = this.#publisher;
    this.#publisher = null;
    publisher?.stop();
    this.#track?.stop();
    this.#track = null;
    if (publisher) this.#changed();
  }
}
