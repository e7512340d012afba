// @ts-check
/** The tests themselves: each tries one way to the server and says how it went. No DOM. */
import { preferredCodecs } from "../media/codecs.js";
import { Refusal, end, negotiate } from "../media/signalling.js";

/** Longer than ICE and DTLS take on a bad mobile network. A way that needs more is of no use. */
const CONNECT_MS = 8000;
/** A picture is looked at for this long, after the first burst of it. */
const SETTLE_MS = 400;
const WATCH_MS = 2000;
const ANSWER_MS = 8000;
/** Percent of lost packets from which a picture visibly breaks in spite of resends. */
const WEAK_LOSS = 4;

/**
 * @typedef {"ok" | "weak" | "fail" | "busy" | "unsupported"} State
 * @typedef {{state: State, ms?: number, mbit?: number, rtt?: number, kbps?: number, loss?: number}} Result
 * `ms`: until the answer came or the connection stood; `rtt`: of a packet; `loss` in percent
 */

/** An answer, and how fast data comes. @returns {Promise<Result>} */
export async function http() {
  try {
    // The first request may have to connect.
    await take("/network.json");
    const { ms } = await take("/network.json");
    const load = await take("/network/bytes");
    return { state: "ok", ms: Math.round(ms), mbit: (load.bytes * 8) / 1000 / Math.max(1, load.ms - ms / 2) };
  } catch (error) {
    return { state: error instanceof Refusal ? "busy" : "fail" };
  }
}

/** @param {string} url */
async function take(url) {
  const begun = performance.now();
  const response = await fetch(url, { cache: "no-store", signal: timeout(ANSWER_MS) });
  if (!response.ok) throw new Refusal(response.status, "");
  const { byteLength } = await response.arrayBuffer();
  return { ms: performance.now() - begun, bytes: byteLength };
}

/** A WebSocket that says after us. @returns {Promise<Result>} */
export function socket() {
  return new Promise((resolve) => {
    const url = new URL("/network/socket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    const timer = setTimeout(() => done({ state: "fail" }), ANSWER_MS);
    const done = (/** @type {Result} */ result) => {
      clearTimeout(timer);
      socket.close();
      resolve(result);
    };
    let sent = 0;
    socket.addEventListener("open", () => {
      sent = performance.now();
      socket.send("echo");
    });
    socket.addEventListener("message", () => done({ state: "ok", ms: Math.round(performance.now() - sent) }));
    socket.addEventListener("close", () => done({ state: "fail" }));
  });
}

/**
 * Picture and sound by one transport alone.
 * @param {"udp" | "tcp" | "web"} transport
 * @returns {Promise<Result>}
 */
export async function media(transport) {
  if (!("RTCPeerConnection" in globalThis)) return { state: "unsupported" };
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  /** @type {string | null} */
  let session = null;
  // The connection's goodbye would end the session too, and then its end could not be found.
  const leave = async () => {
    if (session) await end(session);
    session = null;
    pc.close();
  };
  addEventListener("pagehide", leave);
  try {
    for (const kind of ["audio", "video"]) {
      const transceiver = pc.addTransceiver(kind, { direction: "recvonly" });
      if (kind === "video") transceiver.setCodecPreferences?.(preferredCodecs("video"));
    }
    ({ session } = await negotiate(pc, `/network/whep?transport=${transport}`));
    const begun = performance.now();
    if (!(await connected(pc))) return { state: "fail" };
    const ms = Math.round(performance.now() - begun);
    await sleep(SETTLE_MS);
    const before = counts(await pc.getStats());
    await sleep(WATCH_MS);
    return judge(before, counts(await pc.getStats()), ms);
  } catch (error) {
    const status = error instanceof Refusal ? error.status : 0;
    return { state: status === 429 || status === 503 ? "busy" : status === 422 ? "unsupported" : "fail" };
  } finally {
    removeEventListener("pagehide", leave);
    await leave();
  }
}

/** @typedef {{bytes: number, packets: number, lost: number, rtt: number}} Counts */

/** @param {Iterable<[string, any]>} report @returns {Counts} */
export function counts(report) {
  const all = { bytes: 0, packets: 0, lost: 0, rtt: 0 };
  for (const [, entry] of report) {
    if (entry.type === "candidate-pair" && entry.nominated) all.rtt = Math.round((entry.currentRoundTripTime ?? 0) * 1000);
    if (entry.type !== "inbound-rtp") continue;
    all.bytes += entry.bytesReceived ?? 0;
    all.packets += entry.packetsReceived ?? 0;
    all.lost += Math.max(0, entry.packetsLost ?? 0);
  }
  return all;
}

/** @param {Counts} before @param {Counts} after @param {number} ms until the connection stood @returns {Result} */
export function judge(before, after, ms) {
  const packets = after.packets - before.packets;
  // The handshake passed and nothing after it: something on the way lets only small or few packets through.
  if (packets <= 0) return { state: "fail", ms };
  const lost = Math.max(0, after.lost - before.lost);
  const loss = Math.round((100 * lost) / (lost + packets));
  const kbps = Math.round(((after.bytes - before.bytes) * 8) / WATCH_MS);
  return { state: loss >= WEAK_LOSS ? "weak" : "ok", ms, rtt: after.rtt, kbps, loss };
}

/** @param {RTCPeerConnection} pc @returns {Promise<boolean>} */
function connected(pc) {
  return new Promise((resolve) => {
    const look = () => {
      if (pc.connectionState === "connected") resolve(true);
      else if (pc.connectionState === "failed" || pc.connectionState === "closed") resolve(false);
    };
    pc.addEventListener("connectionstatechange", look);
    setTimeout(() => resolve(false), CONNECT_MS);
    look();
  });
}

/** @param {number} ms @returns {Promise<void>} */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Safari before 16 lacks `AbortSignal.timeout`. @param {number} ms */
function timeout(ms) {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), ms);
  return abort.signal;
}
