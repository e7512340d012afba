// The order of questions and the numbers of polls, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { byWish } from "../../static/js/questions/order.js";
import { withCounts } from "../../static/js/polls/counts.js";

const asked = (id, state, votes, at) => ({ id, dataset: { state, votes: String(votes), asked: String(at) } });

test("what is on air comes first, then the most wanted, then the oldest, however the list was mixed", () => {
  const list = [asked("a", "answering", 0, 9), asked("b", "open", 12, 5), asked("c", "open", 9, 1), asked("d", "open", 9, 2), asked("e", "open", 0, 0)];
  let seed = 7;
  const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 50; round += 1) {
    const mixed = [...list].map((item) => [chance(), item]).sort((x, y) => x[0] - y[0]).map(([, item]) => item);
    assert.equal(mixed.sort(byWish).map(({ id }) => id).join(""), "abcde");
  }
});

test("shares are of the people who voted, and nobody is no division", () => {
  const poll = { voters: 0, counted: false, options: [{ text: "a", chosen: true }, { text: "b", chosen: false }] };
  const counted = withCounts(poll, 3, [1, 3]);
  assert.deepEqual(counted.options.map(({ count, percent }) => [count, percent]), [[1, 33], [3, 100]]);
  assert.equal(counted.options[0].chosen, true);
  assert.deepEqual(withCounts(poll, 0, []).options.map(({ percent }) => percent), [0, 0]);
});
