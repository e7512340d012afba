// @ts-check
/** What the results mean for a visitor. Pure. */

/** @typedef {import("./probe.js").Result} Result */
/** @typedef {"good" | "weak" | "slow" | "text" | "none" | "unsupported" | "unknown"} Verdict */

/** Below this a picture at its smallest size does not fit beside the sound. */
const LEAST_MBIT = 0.4;

/** @param {Record<string, Result | undefined>} results @returns {Verdict} */
export function verdict({ http, udp, tcp, web }) {
  if (http?.state === "fail") return "none";
  const ways = [udp, tcp, web].filter((way) => way !== undefined);
  const works = (/** @type {Result | undefined} */ way) => way?.state === "ok" || way?.state === "weak";
  if (ways.length > 0 && ways.every((way) => way.state === "unsupported")) return "unsupported";
  const narrow = (http?.mbit ?? LEAST_MBIT) < LEAST_MBIT;
  if (works(udp)) return udp?.state === "weak" || narrow ? "weak" : "good";
  if (works(tcp) || works(web)) return narrow || ![tcp, web].some((way) => way?.state === "ok") ? "weak" : "slow";
  // Who could not be tested has not failed.
  return ways.some((way) => way.state === "busy") || ways.length === 0 ? "unknown" : "text";
}

/** How good or bad news looks. @type {Record<Verdict, {kind: string, icon: string}>} */
export const LOOKS = {
  good: { kind: "banner-success", icon: "check" },
  weak: { kind: "banner-warn", icon: "warning" },
  slow: { kind: "banner-warn", icon: "info" },
  text: { kind: "banner-warn", icon: "chat" },
  none: { kind: "banner-error", icon: "warning" },
  unsupported: { kind: "banner-warn", icon: "warning" },
  unknown: { kind: "", icon: "clock" },
};

/**
 * The figures of a result, such as `21 ms · 280 kbit/s`; what is not known is left out.
 * @param {Result} result
 */
export function figures({ ms, mbit, rtt, kbps, loss }) {
  const parts = [];
  const delay = rtt || (kbps === undefined ? ms : undefined);
  if (delay !== undefined) parts.push(`${delay} ms`);
  if (mbit !== undefined) parts.push(`${mbit < 10 ? mbit.toFixed(1) : Math.round(mbit)} Mbit/s`);
  if (kbps !== undefined) parts.push(`${kbps} kbit/s`);
  if (loss) parts.push(`−${loss} %`);
  return parts.join(" · ");
}
