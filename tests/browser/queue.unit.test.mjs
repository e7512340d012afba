// What the scripts of a line decide without a page: when to ask again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextDelay } from "../../static/js/queue/rhythm.js";

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
