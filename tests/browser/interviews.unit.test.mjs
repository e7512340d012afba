// What a call's scripts decide without a page: the clock, and who is there.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

globalThis.document = { documentElement: { dataset: {}, lang: "en" } };
const { read, span } = await import("../../static/js/interviews/clock.js");
const { Presence } = await import("../../static/js/interviews/presence.js");

const MINUTE = 60_000;
const times = { starts_at: 0, ends_at: 15 * MINUTE };

test("the clock counts down, warns a minute before the end and goes on after it", () => {
  assert.deepEqual(read(times, -90_000), { phase: "before", time: "01:30", nextSoon: false });
  assert.deepEqual(read(times, 0), { phase: "running", time: "15:00", nextSoon: false });
  assert.equal(read(times, 14 * MINUTE - 1).phase, "running");
  assert.equal(read(times, 14 * MINUTE).phase, "last-minute");
  assert.deepEqual(read(times, 17 * MINUTE), { phase: "over", time: "02:00", nextSoon: false });
  assert.equal(span(61 * MINUTE), "61:00");
});

test("the next interview is mentioned when it is near", () => {
  const next = { ...times, next_starts_at: 20 * MINUTE };
  assert.equal(read(next, 14 * MINUTE).nextSoon, false);
  assert.equal(read(next, 15 * MINUTE).nextSoon, true);
});

/** A presence whose server gives the answers in order; what it was asked and told. */
function presenceWith(...answers) {
  const asked = [];
  globalThis.fetch = async (url, init) => {
    asked.push(JSON.parse(init.body));
    const answer = answers.shift();
    if (!answer) throw new TypeError("no network");
    return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status ?? 200, headers: { "Content-Type": "application/json" } });
  };
  const presence = new Presence("/interviews/1");
  const told = [];
  for (const type of ["state", "over", "elsewhere", "lost", "found"]) presence.addEventListener(type, () => told.push(type));
  return { presence, asked, told };
}

test("a presence takes the seat once, tells a lost network once and finds it again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const state = { seated: true, now: Date.now(), other: {} };
  const { presence, asked, told } = presenceWith({ body: state }, null, null, { body: state });
  await presence.sit();
  for (let i = 0; i < 3; i++) await presence.beat();
  assert.deepEqual(told, ["state", "lost", "found", "state"]);
  assert.deepEqual(asked.map((a) => a.take), [true, false, false, false]);
  mock.timers.reset();
});

test("a presence stops when another window has the seat, and when the call is over", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { presence, asked, told } = presenceWith({ body: { seated: false, now: 0, other: {} } }, { status: 410 });
  await presence.sit();
  mock.timers.tick(10_000);
  assert.deepEqual([told, asked.length], [["elsewhere"], 1], "no further beat by itself");
  await presence.beat();
  mock.timers.tick(10_000);
  assert.deepEqual([told, asked.length], [["elsewhere", "over"], 2]);
  mock.timers.reset();
});
