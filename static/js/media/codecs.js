// @ts-check
/** H.264 first, because some phones lack VP8 in other players and most decode H.264 in hardware; VP8 for those without it. */

/**
 * The video codecs in the order in which we want them; all others are left out, which keeps the offer short.
 * @param {"video"} kind
 * @returns {RTCRtpCodec[]}
 */
export function preferredCodecs(kind) {
  const all = RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [];
  return order(all);
}

/**
 * @template {{mimeType: string, sdpFmtpLine?: string}} C
 * @param {C[]} codecs
 * @returns {C[]}
 */
export function order(codecs) {
  return codecs
    .map((codec) => ({ codec, rank: rank(codec) }))
    .filter(({ rank }) => rank < 9)
    .sort((a, b) => a.rank - b.rank)
    .map(({ codec }) => codec);
}

/** Whether this browser lacks a codec that a stream may have (H.264 or VP8), so that a picture may be missing. */
export const lacksCodec = () => new Set(preferredCodecs("video").map(({ mimeType }) => mimeType.toLowerCase()).filter((m) => m !== "video/rtx")).size < 2;

/** @param {{mimeType: string, sdpFmtpLine?: string}} codec */
function rank({ mimeType, sdpFmtpLine = "" }) {
  const mime = mimeType.toLowerCase();
  if (mime === "video/h264") {
    if (!sdpFmtpLine.includes("packetization-mode=1")) return 9;
    return /profile-level-id=42e0/i.test(sdpFmtpLine) ? 0 : /profile-level-id=42/i.test(sdpFmtpLine) ? 1 : 9;
  }
  if (mime === "video/vp8") return 2;
  return mime === "video/rtx" ? 3 : 9;
}
