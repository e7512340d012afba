// What the chat's scripts decide without a page: resuming, coming back, falling back, and messages on their way.
import assert from "node:assert/strict";
import { mock, test } from "node:test";

const { Wire } = await import("../../static/js/chat/wire.js");
const { Outbox } = await import("../../static/js/chat/outbox.js");

/** A socket that a test opens, feeds and closes by hand. */
class FakeSocket {
  static all = [];
  constructor(url) {
    this.url = url;
    this.sent = [];
    FakeSocket.all.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close(code) {
    this.closedWith = code;
  }
  open(lastSeq) {
    this.onopen();
    this.tell({ type: "welcome", last_seq: lastSeq, you: null, can: { write: true }, presence: { people: 1 } });
  }
  tell(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }
}

function wire(since = 3, get = async () => ({ entries: [], more: false, last_seq: since, can: {} })) {
  FakeSocket.all = [];
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const seen = { states: [], entries: [], gaps: [] };
  const handlers = {
    state: (s) => seen.states.push(s), welcome: () => {}, entry: (e) => seen.entries.push(e.seq), gap: (from, to) => seen.gaps.push([from, to]),
    presence: () => {}, reactions: () => {}, answer: () => {}, pulse: () => {},
  };
  const it = new Wire({ socket: "ws://x", messages: "/m", since }, handlers, { Socket: FakeSocket, get, chance: () => 0.5 });
  it.connect();
  return { it, seen };
}
const last = () => FakeSocket.all.at(-1);

test("it resumes after what it has, passes nothing twice and heals a hole", () => {
  const { seen } = wire(3);
  last().open(5);
  assert.deepEqual(last().sent[0], { type: "hello", since: 3 });
  for (const seq of [4, 4, 5, 3]) last().tell({ type: "message", seq });
  assert.deepEqual(seen.entries, [4, 5]);
  last().tell({ type: "message", seq: 7 });
  assert.equal(FakeSocket.all.length, 2, "a hole is asked for again");
  last().open(7);
  assert.equal(last().sent[0].since, 5);
  last().tell({ type: "gap", from: 6, to: 6 });
  last().tell({ type: "message", seq: 7 });
  assert.deepEqual([seen.gaps, seen.entries], [[[6, 6]], [4, 5, 7]]);
});

test("it comes back after a loss, later each time, and not after a ban", () => {
  const { seen } = wire();
  last().open(3);
  last().onclose({ code: 1006 });
  assert.equal(seen.states.at(-1), "offline");
  mock.timers.tick(600);
  assert.equal(FakeSocket.all.length, 2);
  last().open(3);
  last().onclose({ code: 4429 });
  mock.timers.tick(9_000);
  assert.equal(FakeSocket.all.length, 2, "it waits as long as the server asks");
  mock.timers.tick(5_000);
  last().open(3);
  last().onclose({ code: 4403 });
  mock.timers.tick(600_000);
  assert.deepEqual([FakeSocket.all.length, seen.states.at(-1)], [3, "banned"]);
});

test("where sockets never open it asks by HTTP and tries a socket now and then", async () => {
  const asked = [];
  const get = async (url) => (asked.push(url), { entries: [{ type: "message", seq: 4 }], more: false, last_seq: 4, can: {} });
  const { seen } = wire(3, get);
  for (let n = 0; n < 3; n += 1) {
    last().onclose({ code: 1006 });
    mock.timers.tick(3_000);
  }
  await Promise.resolve();
  await Promise.resolve();
  assert.deepEqual([asked[0], seen.states.at(-1), seen.entries], ["/m?since=3", "polling", [4]]);
  const before = FakeSocket.all.length;
  for (let n = 0; n < 20; n += 1) {
    mock.timers.tick(5_000);
    await Promise.resolve();
    await Promise.resolve();
  }
  assert.ok(FakeSocket.all.length > before);
});

function outbox(store = null) {
  const seen = { sent: [], changed: [], done: [], stuck: 0 };
  const it = new Outbox("k", store, {
    transmit: (d) => (seen.online === false ? false : (seen.sent.push(d.client_id), true)),
    changed: (d) => seen.changed.push([d.client_id, d.state]), done: (id, seq) => seen.done.push([id, seq]), stuck: () => (seen.stuck += 1),
  });
  return { it, seen };
}

test("what was written offline is kept over a reload and sent in order", () => {
  const kept = new Map();
  const store = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v) };
  const first = outbox(store);
  first.seen.online = false;
  first.it.add("一", "a");
  first.it.add("二", "b");
  const second = outbox(store);
  second.it.flush();
  assert.deepEqual(second.seen.sent, ["a", "b"]);
  second.it.answer({ type: "ack", client_id: "a", seq: 7 });
  assert.deepEqual([second.seen.done, JSON.parse(kept.get("k")).length], [[["a", 7]], 1]);
});

test("a passing refusal is tried again, a lasting one waits for the person", () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const { it, seen } = outbox();
  it.add("一", "a");
  it.answer({ type: "error", client_id: "a", code: "too-fast", retry_after: 2 });
  mock.timers.tick(2_000);
  assert.deepEqual(seen.sent, ["a", "a"]);
  it.answer({ type: "error", client_id: "a", code: "muted" });
  it.flush();
  assert.deepEqual([seen.sent.length, seen.changed.at(-1)], [2, ["a", "failed"]]);
  it.retry("a");
  assert.equal(seen.sent.length, 3);
  mock.timers.tick(13_000);
  assert.equal(seen.stuck, 1, "an overdue answer is noticed");
});
