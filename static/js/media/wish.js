// @ts-check
/**
 * A publisher (WHIP) and a player (WHEP) for pages.
 *
 * ```
 * const publisher = new WhipPublisher({ url });          const player = new WhepPlayer({ url, video });
 * publisher.addEventListener("state", ...);              player.addEventListener("first-frame", ({detail}) => detail.ms);
 * await publisher.publish(stream);                       await player.play();
 * publisher.setEnabled("audio", false);                  player.setView({ saveData: true });
 * await publisher.replace("video", otherTrack);          player.turnSoundOn();
 * publisher.stop();                                      player.stop();
 * ```
 * Both come back by themselves and tell `state` and, once a second, `stats`; see `connection.js`.
 */
import { preferredCodecs } from "./codecs.js";
import { Connection } from "./connection.js";
import { changeView } from "./signalling.js";

/** Three sizes of a camera's picture, smallest first: the server forwards one to each viewer. */
const LAYERS = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
/** Below this width a smaller copy would not be readable. */
const SIMULCAST_WIDTH = 640;
/** A screen changes seldom but must be sharp. */
const SCREEN_BITRATE = 2_500_000;

export class WhipPublisher extends Connection {
  /** @type {Map<string, RTCRtpTransceiver>} */
  #senders = new Map();
  /** @type {MediaStream | null} */
  #stream = null;
  #simulcast = true;

  /** @param {{url: string, token?: string, simulcast?: boolean}} options */
  constructor(options) {
    super(options);
    this.succeeds = true;
    this.#simulcast = options.simulcast ?? true;
  }

  /**
   * Goes live. Resolves once the offer is answered; the state tells when viewers can see something.
   * @param {MediaStream} stream with at most one track of a kind
   */
  publish(stream) {
    this.#stream = stream;
    return this.open();
  }

  /** @protected @param {RTCPeerConnection} pc */
  prepare(pc) {
    this.#senders.clear();
    // Both kinds are always offered, so that a camera can be added later without a new session.
    for (const kind of ["audio", "video"]) {
      const track = this.#stream?.getTracks().find((t) => t.kind === kind);
      const streams = this.#stream ? [this.#stream] : [];
      const sendEncodings = kind === "video" ? this.#encodings(track) : undefined;
      const transceiver = pc.addTransceiver(track ?? kind, { direction: "sendonly", streams, sendEncodings });
      if (kind === "video") transceiver.setCodecPreferences?.(preferredCodecs("video"));
      this.#senders.set(kind, transceiver);
    }
  }

  /** @param {MediaStreamTrack} [track] */
  #encodings(track) {
    const width = track?.getSettings().width ?? 0;
    const screen = track && "displaySurface" in track.getSettings();
    if (this.#simulcast && !screen && width >= SIMULCAST_WIDTH) return LAYERS.map((layer) => ({ ...layer }));
    return [{ maxBitrate: screen ? SCREEN_BITRATE : 1_200_000 }];
  }

  /**
   * Sends another track of a kind, or none; the session goes on.
   * @param {"audio" | "video"} kind
   * @param {MediaStreamTrack | null} track
   */
  async replace(kind, track) {
    const old = this.#stream?.getTracks().find((t) => t.kind === kind);
    if (old && old !== track) this.#stream?.removeTrack(old);
    if (track) this.#stream?.addTrack(track);
    await this.#senders.get(kind)?.sender.replaceTrack(track);
  }

  /**
   * Mutes or shows without a new session: black or silence is sent.
   * @param {"audio" | "video"} kind
   * @param {boolean} enabled
   */
  setEnabled(kind, enabled) {
    for (const track of this.#stream?.getTracks() ?? []) if (track.kind === kind) track.enabled = enabled;
  }
}

export class WhepPlayer extends Connection {
  #endpoint;
  #begun = 0;
  #soundWanted = false;
  view = { saveData: false, audioOnly: false };

  /** @param {{url: string, token?: string, video: HTMLVideoElement, saveData?: boolean, audioOnly?: boolean}} options */
  constructor(options) {
    super(options);
    this.#endpoint = options.url;
    this.video = options.video;
    this.video.playsInline = true;
    this.view = { saveData: options.saveData ?? false, audioOnly: options.audioOnly ?? false };
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
    if (this.view.audioOnly) query.set("audio_only", "1");
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

  /** @param {{saveData?: boolean, audioOnly?: boolean}} view */
  async setView(view) {
    this.view = { ...this.view, ...view };
    if (!this.session) return;
    await changeView(this.session, this.view, this.token).catch(() => this.restart());
  }
}
