// @ts-check
/** What a connection carries, in a few numbers. Pure. */

/**
 * @typedef {object} Figures
 * @property {number} bitrate bits a second since the last count, video and audio together
 * @property {number} bytes since the connection began
 * @property {number} frames decoded by a viewer, encoded by a publisher (largest layer)
 * @property {number} fps
 * @property {number} width
 * @property {number} height
 * @property {number} lost packets
 * @property {number} layers of video that are being sent
 * @property {number} rtt in milliseconds
 */

/**
 * @param {Iterable<[string, any]>} report
 * @param {Record<string, number>} before what was counted last; updated
 * @returns {Figures}
 */
export function summary(report, before) {
  const figures = { bitrate: 0, bytes: 0, frames: 0, fps: 0, width: 0, height: 0, lost: 0, layers: 0, rtt: 0 };
  let at = 0;
  for (const [, entry] of report) {
    if (entry.type === "candidate-pair" && entry.nominated) figures.rtt = Math.round((entry.currentRoundTripTime ?? 0) * 1000);
    if (entry.type !== "inbound-rtp" && entry.type !== "outbound-rtp") continue;
    at = entry.timestamp;
    figures.bytes += entry.bytesReceived ?? entry.bytesSent ?? 0;
    figures.lost += entry.packetsLost ?? 0;
    if (entry.kind !== "video") continue;
    const frames = entry.framesDecoded ?? entry.framesEncoded ?? 0;
    if (frames > 0 && (entry.framesPerSecond ?? 0) > 0) figures.layers += 1;
    if ((entry.frameWidth ?? 0) < figures.width) continue;
    figures.frames = Math.max(figures.frames, frames);
    figures.fps = Math.round(entry.framesPerSecond ?? 0);
    figures.width = entry.frameWidth ?? 0;
    figures.height = entry.frameHeight ?? 0;
  }
  const seconds = (at - (before.at ?? at)) / 1000;
  if (seconds > 0) figures.bitrate = Math.max(0, Math.round(((figures.bytes - (before.bytes ?? 0)) * 8) / seconds));
  Object.assign(before, { at, bytes: figures.bytes });
  return figures;
}
