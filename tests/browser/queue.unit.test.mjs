// What the scripts of a line decide without a page: when to ask again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextDelay, spread } from "../../static/js/queue/rhythm.js";
import { isNext } from "../../static/js/queue/next.js";

test("a page asks often enough not to count as away, also on a bad network", () => {
  for (const chance of [0, 0.5, 1]) {
    assert.ok(nextDelay(0, null, chance) <= 5000, "most of the half minute for an answer is left");
    for (let failures = 0; failures < 20; failures++) assert.ok(nextDelay(failures, null, chance) < 45_000);
  }
  assert.ok(nextDelay(3, null, 0) > nextDelay(0, null, 1), "but seldom enough while nothing answers");
});

test("what the server asks for is kept, and pages do not come back all at once", () => {
  assert.equal(nextDelay(0, 10, 0), 10_000);
  assert.equal(nextDelay(0, 10, 1), 12_500);
  assert.notEqual(nextDelay(0, null, 0), nextDelay(0, null, 1));
});

test("after a move those at the head look first, and all within a second", () => {
  assert.ok(spread(1, 1) <= 200 && spread(null, 1) <= 200);
  assert.ok(spread(40, 1) > 500 && spread(40, 1) < 1000);
  assert.equal(spread(40, 0), 0);
});

test("while the room tells, a page asks seldom, and often enough to be there and to catch a call that got lost", () => {
  for (const chance of [0, 1]) assert.ok(nextDelay(0, null, chance, true) < 15_000 && nextDelay(0, null, chance, true) > 5000);
});

test("whoever lines up at the head is not told so, whoever gets there is", () => {
  const at = (position, state = "waiting") => ({ state, position, wait_minutes: null });
  assert.ok(isNext(at(2), at(1)) && !isNext(at(1), at(1)) && !isNext(null, at(1)));
  assert.ok(!isNext(at(null, "called"), at(1)) && !isNext(at(3), at(2)));
});
