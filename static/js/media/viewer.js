// @ts-check
/**
 * A player (WHEP) for pages.
 *
 * ```
 * const player = new WhepPlayer({ url, video });
 * player.addEventListener("first-frame", ({detail}) => detail.ms);
 * await player.play();
 * player.setView({ saveData: true });
 * player.turnSoundOn();
 * player.stop();
 * ```
 * It comes back by itself and tells `state` and, once a second, `stats`; see `connection.js`.
 */
import { preferredCodecs } from "./codecs.js";
import { Connection } from "./connection.js";
import { changeView, isPaused } from "./signalling.js";

/** A page that is out of sight for longer is not just being switched to another for a moment. */
const HIDDEN_MS = 5000;

export class WhepPlayer extends Connection {
  #endpoint;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hides = undefined;
  #begun = 0;
  #soundWanted = false;
  view = { saveData: false, audioOnly: false };
  /** Nobody sees the page: it gets sound only, whatever `view` says. */
  unseen = false;

  /** @param {{url: string, token?: string, video: HTMLVideoElement, saveData?: boolean, audioOnly?: boolean}} options */
  constructor(options) {
    super(options);
    this.#endpoint = options.url;
    this.video = options.video;
    this.video.playsInline = true;
    this.view = { saveData: options.saveData ?? false, audioOnly: options.audioOnly ?? false };
    globalThis.document?.addEventListener("visibilitychange", () => this.#seen());
  }

  #seen() {
    clearTimeout(this.#hides);
    // A small window above other programs shows the picture all the same.
    if (document.hidden && !document.pictureInPictureElement) this.#hides = setTimeout(() => void this.#hide(true), HIDDEN_MS);
    else if (this.unseen) void this.#hide(false);
  }

  /** @param {boolean} unseen */
  async #hide(unseen) {
    this.unseen = unseen;
    await this.setView({});
  }

  /**
   * Watches, also while nobody publishes yet.
   * @param {{sound?: boolean}} [options] with sound if the browser allows it; muted otherwise, which `sound` tells
   */
  play({ sound = false } = {}) {
    this.#begun = performance.now();
    this.#soundWanted = sound;
    return this.open();
  }

  /** @protected @param {RTCPeerConnection} pc */
  prepare(pc) {
    const query = new URLSearchParams();
    if (this.view.saveData) query.set("save_data", "1");
    if (this.view.audioOnly || this.unseen) query.set("audio_only", "1");
    this.url = query.size ? `${this.#endpoint}?${query}` : this.#endpoint;
    const media = new MediaStream();
    for (const kind of ["audio", "video"]) {
      const transceiver = pc.addTransceiver(kind, { direction: "recvonly" });
      if (kind === "video") transceiver.setCodecPreferences?.(preferredCodecs("video"));
      media.addTrack(transceiver.receiver.track);
    }
    // The last picture of the old connection stays until the new one has something to show.
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "connected" && pc === this.pc) void this.#show(pc, media);
    });
  }

  /** @param {RTCPeerConnection} pc @param {MediaStream} media */
  async #show(pc, media) {
    const { video } = this;
    const begun = this.#begun || performance.now();
    this.#begun = 0;
    video.srcObject = media;
    const first = () => {
      // A callback that waited in vain is called when its connection is closed or another's media is put in place; that is no frame.
      if (pc !== this.pc) return;
      this.dispatchEvent(new CustomEvent("first-frame", { detail: { ms: Math.round(performance.now() - begun) } }));
    };
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(first);
    else video.addEventListener("timeupdate", first, { once: true });
    video.muted = !this.#soundWanted;
    await video.play().catch(() => {
      // Sound needs a tap first. Without sound every browser plays.
      video.muted = true;
      return video.play().catch(() => {});
    });
    this.dispatchEvent(new CustomEvent("sound", { detail: !video.muted }));
  }

  /** Call it from a tap: browsers ask for one. */
  turnSoundOn() {
    this.#setSound(true);
    void this.video.play().catch(() => {});
  }

  turnSoundOff() {
    this.#setSound(false);
  }

  /** @param {boolean} on */
  #setSound(on) {
    this.#soundWanted = on;
    this.video.muted = !on;
    this.dispatchEvent(new CustomEvent("sound", { detail: on }));
  }

  /** @returns {Promise<boolean>} whether the network does not carry the picture, so that only sound comes */
  async tooSlow() {
    return this.session ? isPaused(this.session, this.token).catch(() => false) : false;
  }

  /** @param {{saveData?: boolean, audioOnly?: boolean}} view */
  async setView(view) {
    this.view = { ...this.view, ...view };
    if (!this.session) return;
    await changeView(this.session, { ...this.view, audioOnly: this.view.audioOnly || this.unseen }, this.token).catch(() => this.restart());
  }
}
