// What the results of the network test mean, without a network.
import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, { self: { location: { href: "http://here/network" } } });
const { counts, judge } = await import("../../static/js/network/probe.js");
const { figures, verdict } = await import("../../static/js/network/verdict.js");

const ok = { state: "ok" }, fail = { state: "fail" }, weak = { state: "weak" }, busy = { state: "busy" }, unsupported = { state: "unsupported" };
const http = { state: "ok", ms: 20, mbit: 8 };

test("a verdict is the best way that works", () => {
  for (const [results, expected] of [
    [{ http, udp: ok, tcp: fail }, "good"],
    [{ http: { ...http, mbit: 0.2 }, udp: ok, tcp: ok }, "weak"],
    [{ http, udp: weak, tcp: ok }, "weak"],
    [{ http, udp: fail, tcp: ok }, "slow"],
    [{ http, udp: fail, tcp: fail, web: ok }, "slow"],
    [{ http, udp: fail, tcp: weak, web: fail }, "weak"],
    [{ http, udp: fail, tcp: fail, web: fail }, "text"],
    [{ http, udp: fail }, "text"],
    [{ http: fail }, "none"],
    [{ http, udp: unsupported, tcp: unsupported }, "unsupported"],
    [{ http, udp: busy, tcp: fail }, "unknown"],
    [{ http: busy, udp: ok }, "good"],
    [{ http }, "unknown"],
  ]) assert.equal(verdict(results), expected, JSON.stringify(results));
});

test("a connection over which nothing comes does not work, and one that loses much is weak", () => {
  const before = { bytes: 1000, packets: 100, lost: 10, rtt: 30 };
  assert.deepEqual(judge(before, before, 50), { state: "fail", ms: 50 });
  const after = (packets, lost) => ({ bytes: 76_000, packets: 100 + packets, lost: 10 + lost, rtt: 31 });
  assert.deepEqual(judge(before, after(200, 0), 50), { state: "ok", ms: 50, rtt: 31, kbps: 300, loss: 0 });
  assert.equal(judge(before, after(90, 10), 50).state, "weak");
  assert.equal(judge(before, after(90, -5), 50).loss, 0, "what was late has come");
  const report = [["a", { type: "inbound-rtp", bytesReceived: 5, packetsReceived: 2, packetsLost: -1 }], ["b", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.0214 }]];
  assert.deepEqual(counts(report), { bytes: 5, packets: 2, lost: 0, rtt: 21 });
});

test("figures show what is known", () => {
  assert.equal(figures({ state: "ok", ms: 12, mbit: 8.43 }), "12 ms · 8.4 Mbit/s");
  assert.equal(figures({ state: "ok", ms: 50, rtt: 21, kbps: 280, loss: 0 }), "21 ms · 280 kbit/s");
  assert.equal(figures({ state: "weak", ms: 50, rtt: 0, kbps: 280, loss: 7 }), "280 kbit/s · −7 %");
  assert.equal(figures({ state: "fail" }), "");
});
