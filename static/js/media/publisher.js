// @ts-check
/**
 * A publisher (WHIP) for pages.
 *
 * ```
 * const publisher = new WhipPublisher({ url });
 * publisher.addEventListener("state", ...);
 * await publisher.publish(stream);
 * publisher.setEnabled("audio", false);
 * await publisher.replace("video", otherTrack);
 * publisher.stop();
 * ```
 * It comes back by itself and tells `state` and, once a second, `stats`; see `connection.js`.
 */
import { preferredCodecs } from "./codecs.js";
import { Connection } from "./connection.js";

/** Three sizes of a camera's picture, smallest first: the server forwards one to each viewer. */
const LAYERS = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
/** Two sizes of a face: one for whose network carries it, one for a phone on the road or a panel's small pictures. */
const CALL_LAYERS = [
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 200_000 },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_000_000 },
];
/** Every other picture can be left out for who has too slow a network; all browsers that know the mode have it for all our codecs. */
const TEMPORAL = "L1T2";
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
  #layers = LAYERS;

  /** @param {{url: string, token?: string, simulcast?: boolean, layers?: "call"}} options `layers`: of a face in a call, in place of a stage's */
  constructor(options) {
    super(options);
    this.succeeds = true;
    this.#simulcast = options.simulcast ?? true;
    if (options.layers) this.#layers = CALL_LAYERS;
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
      const transceiver = add(pc, track ?? kind, { direction: "sendonly", streams, sendEncodings });
      if (kind === "video") transceiver.setCodecPreferences?.(preferredCodecs("video"));
      this.#senders.set(kind, transceiver);
    }
  }

  /** @param {MediaStreamTrack} [track] */
  #encodings(track) {
    const width = track?.getSettings().width ?? 0;
    const screen = track && "displaySurface" in track.getSettings();
    if (this.#simulcast && !screen && width >= SIMULCAST_WIDTH) return this.#layers.map((layer) => ({ ...layer }));
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

  /**
   * Stops sending the layers of a simulcast that nobody watches, and goes on with the others.
   * @param {string} session id of the session that the server means
   * @param {string[]} names
   */
  async rest(session, names) {
    const sender = this.#senders.get("video")?.sender;
    if (!sender || !this.session?.endsWith(`/${session}`)) return;
    const parameters = sender.getParameters();
    const changed = parameters.encodings.filter((encoding) => encoding.rid && (encoding.active !== false) === names.includes(encoding.rid));
    if (!changed.length) return;
    for (const encoding of changed) encoding.active = !names.includes(encoding.rid ?? "");
    // A browser that cannot goes on sending all, which costs only its own data.
    await sender.setParameters(parameters).catch(() => {});
  }
}

/**
 * Adds a transceiver with temporal layers, or without where the browser has none.
 * @param {RTCPeerConnection} pc
 * @param {MediaStreamTrack | string} what
 * @param {RTCRtpTransceiverInit} init
 */
function add(pc, what, init) {
  const sendEncodings = init.sendEncodings?.map((encoding) => ({ ...encoding, scalabilityMode: TEMPORAL }));
  try {
    return pc.addTransceiver(what, { ...init, sendEncodings });
  } catch {
    return pc.addTransceiver(what, init);
  }
}
