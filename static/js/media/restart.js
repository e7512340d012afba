// @ts-check
/** A new path for a session that goes on: ICE restarts by WHIP's and WHEP's PATCH (RFC 9725, section 4.3.3). The two functions over texts are pure. */
import { patch } from "./signalling.js";

/**
 * Restarts ICE. The media flows again when the connection says that it is connected.
 * @param {RTCPeerConnection} pc
 * @param {string} session its URL
 * @param {string} [token]
 * @returns {Promise<string | null>} the etag of the new ICE session
 * @throws {import("./signalling.js").Refusal} of status 404 if the session is over
 */
export async function restartIce(pc, session, token) {
  const answer = pc.remoteDescription?.sdp ?? "";
  await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
  const response = await patch(session, fragmentOf(pc.localDescription?.sdp ?? ""), token);
  const fragment = await response.text();
  if (pc.signalingState === "have-local-offer") await pc.setRemoteDescription({ type: "answer", sdp: renewed(answer, fragment) });
  return response.headers.get("ETag");
}

/**
 * What a restart tells of an offer: credentials, and the candidates so far.
 * @param {string} offer
 */
export function fragmentOf(offer) {
  const lines = offer.split(/\r?\n/);
  const first = lines.findIndex((line) => line.startsWith("m="));
  const next = lines.findIndex((line, at) => at > first && line.startsWith("m="));
  const section = lines.slice(first, next < 0 ? undefined : next);
  const find = (/** @type {string} */ start) => lines.find((line) => line.startsWith(start));
  const kept = [find("a=ice-options:"), find("a=group:BUNDLE"), section[0], section.find((line) => line.startsWith("a=mid:")), find("a=ice-ufrag:"), find("a=ice-pwd:")];
  return [...kept, ...section.filter((line) => line.startsWith("a=candidate:"))].filter((line) => line !== undefined).join("\r\n") + "\r\n";
}

/**
 * The answer as it was, with the credentials and candidates of a fragment.
 * @param {string} answer
 * @param {string} fragment
 */
export function renewed(answer, fragment) {
  const news = fragment.split(/\r?\n/);
  const credentials = ["a=ice-ufrag:", "a=ice-pwd:"];
  const candidates = news.filter((line) => line.startsWith("a=candidate:") || line === "a=end-of-candidates");
  let placed = false;
  const lines = answer.split(/\r?\n/).filter((line) => !line.startsWith("a=candidate:") && line !== "a=end-of-candidates");
  return lines
    .flatMap((line) => {
      const start = credentials.find((start) => line.startsWith(start));
      if (!start) return [line];
      const fresh = news.find((other) => other.startsWith(start)) ?? line;
      if (placed || start !== "a=ice-pwd:") return [fresh];
      placed = true;
      return [fresh, ...candidates];
    })
    .join("\r\n");
}
