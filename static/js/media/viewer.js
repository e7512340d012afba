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
 * player.setPanel(true); // more tracks, see `more.js`; `tracks` tells that there are others
 * player.stop();
 * ```
 * It comes back by itself and tells `state` and, once a second, `stats`; see `connection.js`.
 */
import { preferredCodecs } from "./codecs.js";
import { Connection } from "./connection.js";
import { MoreTracks } from "./more.js";
import { changeView, viewOf } from "./signalling.js";

/** A page that is out of sight for longer is not just being switched to another for a moment. */
const HIDDEN_MS = 5000;

export class WhepPlayer extends Connection {
  #endpoint;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #hides = undefined;
  #begun = 0;
  #soundWanted = false;
  /** @type {{saveData: boolean, audioOnly: boolean, pin: number | null}} */
  view = { saveData: false, audioOnly: false, pin: null };
  /** Somebody on stage leaves the own seat out. @type {number | null} */
  without = null;
  /** Several people are on stage. */
  panel = false;
  /** @type {MoreTracks | null} */
  more = null;
  /** Nobody sees the page: it gets sound only, whatever `view` says. */
  unseen = false;
  /** A still picture stands for video where data is saved. */
  instead = false;

  /** @param {{url: string, token?: string, video: HTMLVideoElement, saveData?: boolean, audioOnly?: boolean}} options */
  constructor(options) {
    super(options);
    this.#endpoint = options.url;
    this.video = options.video;
    this.video.playsInline = true;
    this.view = { saveData: options.saveData ?? false, audioOnly: options.audioOnly ?? false, pin: null };
    globalThis.document?.addEventListener("visibilitychange", () => this.#seen());
  }

  #seen() {
    clearTimeout(this.#hides);
    // A small window above other programs shows the picture all the same.
    if (document.hidden && !document.pictureInPictureElement) this.#hides = setTimeout(() => void this.#hide(true), HIDDEN_MS);
    else if (this.unseen) void this.#hide(false);
  }

  /** Whether no picture is asked for. */
  get soundOnly() {
    return this.unseen || this.view.audioOnly || (this.view.saveData && this.instead);
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
    if (this.soundOnly) query.set("audio_only", "1");
    if (this.view.pin !== null) query.set("pin", String(this.view.pin));
    if (this.without !== null) query.set("without", String(this.without));
    this.url = query.size ? `${this.#endpoint}?${query}` : this.#endpoint;
    const media = new MediaStream();
    for (const kind of ["audio", "video"]) {
      const transceiver = pc.addTransceiver(kind, { direction: "recvonly" });
      if (kind === "video") transceiver.setCodecPreferences?.(preferredCodecs("video"));
      media.addTrack(transceiver.receiver.track);
    }
    this.more?.stop();
    this.more = this.panel ? new MoreTracks(pc) : null;
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
    this.dispatchEvent(new Event("tracks"));
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
    this.more?.setSound(!video.muted);
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
    this.more?.setSound(on);
    this.dispatchEvent(new CustomEvent("sound", { detail: on }));
  }

  /** @returns {Promise<boolean>} whether the network does not carry the picture, so that only sound comes */
  async tooSlow() {
    return this.session ? viewOf(this.session, this.token).then(({ paused }) => paused).catch(() => false) : false;
  }

  /** @returns {Promise<{mid: string, seat: number}[] | null>} whose sounds and pictures come in which media sections */
  async slots() {
    return this.session ? viewOf(this.session, this.token).then(({ slots }) => slots).catch(() => null) : null;
  }

  /** The tag of the large picture's media section. */
  get mainMid() {
    return this.pc?.getTransceivers().find(({ receiver }) => receiver.track.kind === "video")?.mid ?? null;
  }

  /** Takes the sounds and pictures of several people, or of one. @param {boolean} panel */
  setPanel(panel) {
    if (panel === this.panel) return;
    this.panel = panel;
    if (this.state === "connected" || this.state === "connecting") void this.open();
  }

  stop() {
    super.stop();
    this.more?.stop();
  }

  /** @param {{saveData?: boolean, audioOnly?: boolean, pin?: number | null}} view */
  async setView(view) {
    this.view = { ...this.view, ...view };
    if (!this.session) return;
    const wanted = { ...this.view, audioOnly: this.soundOnly, without: this.without };
    await changeView(this.session, wanted, this.token).catch(() => this.restart());
  }
}
