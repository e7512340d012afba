// What the call's pure parts decide.
import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { dataset: {}, lang: "zh-CN" } };
const { Thrift } = await import("../../static/js/calls/thrift.js");
const { shownOf } = await import("../../static/js/calls/tiles.js");

test("a picture is left out once the network has been too weak for some seconds, and tried again less and less often", () => {
  const thrift = new Thrift();
  const spared = [];
  let was = false;
  for (let at = 0; at <= 200_000; at += 1000) {
    const now = thrift.decide(50_000, at);
    if (now !== was) spared.push([at / 1000, now]);
    was = now;
  }
  assert.deepEqual(spared.slice(0, 8), [[6, true], [16, false], [23, true], [43, false], [50, true], [90, false], [97, true], [157, false]]);
});

test("a dip is nothing to turn a camera off for, and a good stretch forgets what was", () => {
  const thrift = new Thrift();
  for (let at = 0; at < 60_000; at += 1000) assert.equal(thrift.decide(at % 5000 === 0 ? 10_000 : 400_000, at), false);
  assert.equal(thrift.decide(undefined, 61_000), false, "what is not known is not held against anybody");
});

test("screens come first, then people by seat, and nobody sees themselves", () => {
  const person = (seat, me, screen = null) => ({ id: String(seat), me, name: `n${seat}`, party: "employer", seat, mic: true, camera: true, screen });
  assert.deepEqual(shownOf([person(0, true), person(1, false), person(2, false, 5)]).map(({ seat }) => seat), [5, 1, 2]);
  assert.deepEqual(shownOf([person(0, true, 5)]), []);
});
