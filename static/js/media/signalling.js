// @ts-check
/** WHIP and WHEP over HTTP: an offer goes out, an answer comes back with the URL of the session. No DOM. */
import { iceServers } from "./links.js";

/** Our server needs none of our candidates (it answers whoever knows the password); others are given this long to be found. */
const GATHER_MS = 40;
const TIMEOUT_MS = 10000;

/** What the server said instead of an answer. `status` is 0 if nothing came. */
export class Refusal extends Error {
  /** @param {number} status @param {string} detail @param {number | null} [retryAfter] in seconds @param {string} [code] of the problem */
  constructor(status, detail, retryAfter = null, code = "") {
    super(detail);
    this.code = code;
    this.name = "Refusal";
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * Offers, and applies the answer.
 * @param {RTCPeerConnection} pc with its transceivers
 * @param {string} url
 * @param {string} [token] bearer token; without one the page's cookie counts
 * @param {string | null} [last] etag of the session that this one follows: the server then gives it no place but that one's
 * @returns {Promise<{session: string, etag: string | null, servers: RTCIceServer[], seat: number | null}>} URL of the session, its etag, STUN and
 * TURN servers, a publisher's seat
 * @throws {Refusal}
 */
export async function negotiate(pc, url, token, last) {
  await pc.setLocalDescription();
  await gathered(pc);
  const headers = new Headers({ "Content-Type": "application/sdp", Accept: "application/sdp" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (last) headers.set("If-Match", last);
  const response = await ask(url, { method: "POST", headers, body: pc.localDescription?.sdp ?? "" });
  const answer = await response.text();
  const session = ownUrl(response.headers.get("Location") ?? "", url);
  // Left meanwhile: the server must not keep a session that nobody will use.
  if (pc.signalingState === "closed") {
    end(session, token);
    throw new Refusal(0, "closed");
  }
  await pc.setRemoteDescription({ type: "answer", sdp: answer });
  const seat = response.headers.get("Seat");
  return { session, etag: response.headers.get("ETag"), servers: iceServers(response.headers.get("Link")), seat: seat === null ? null : Number(seat) };
}

/**
 * Ends a session, also while the page is being left. A server that cannot be told finds out by itself.
 * @param {string} session
 * @param {string} [token]
 */
export function end(session, token) {
  const headers = token ? { Authorization: `Bearer ${token}` } : undefined;
  return fetch(session, { method: "DELETE", headers, keepalive: true, credentials: "same-origin" }).then(() => {}, () => {});
}

/**
 * Restarts ICE with a fragment, whichever ICE session is the server's present one.
 * @param {string} session
 * @param {string} fragment
 * @param {string} [token]
 */
export function patch(session, fragment, token) {
  const headers = new Headers({ "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return ask(session, { method: "PATCH", headers, body: fragment });
}

/**
 * Changes what a viewer gets.
 * @param {string} session
 * @param {{saveData: boolean, audioOnly: boolean, pin: number | null, without: number | null}} view
 * @param {string} [token]
 */
export async function changeView(session, view, token) {
  const headers = new Headers({ "Content-Type": "application/json" });
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const body = JSON.stringify({ save_data: view.saveData, audio_only: view.audioOnly, pin: view.pin, without: view.without });
  await ask(`${session}/view`, { method: "PUT", headers, body });
}

/**
 * @param {string} session
 * @param {string} [token]
 * @returns {Promise<{paused: boolean, slots: {mid: string, seat: number}[]}>} whether the server has paused the picture because the network does not
 * carry it, and whose sounds and pictures are in which media sections
 */
export async function viewOf(session, token) {
  const headers = new Headers(token ? { Authorization: `Bearer ${token}` } : {});
  return (await ask(`${session}/view`, { headers })).json();
}

/**
 * @param {string} url
 * @param {RequestInit} init
 * @returns {Promise<Response>} an answer with a status of 2xx
 */
async function ask(url, init) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, { ...init, signal: abort.signal, credentials: "same-origin" });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw new Refusal(response.status, problem.detail ?? "", Number(response.headers.get("Retry-After")) || null, problem.code ?? "");
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(0, String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** @param {RTCPeerConnection} pc */
function gathered(pc) {
  if (pc.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, GATHER_MS);
    pc.addEventListener("icegatheringstatechange", () => pc.iceGatheringState === "complete" && resolve(undefined));
  });
}

/**
 * The session's URL; under this page's own origin if the endpoint is, because a proxy may know the server by another name.
 * @param {string} location
 * @param {string} endpoint
 */
function ownUrl(location, endpoint) {
  const base = new URL(endpoint, self.location.href);
  const url = new URL(location, base);
  return base.origin === self.location.origin ? url.pathname + url.search : url.href;
}
