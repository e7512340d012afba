// What a media connection does without a page: coming back in its own place, giving way to whoever took over.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { iceServers } from "../../static/js/media/links.js";
import { fragmentOf, renewed } from "../../static/js/media/restart.js";

/** A peer connection that a test moves from state to state. */
class FakePeer extends EventTarget {
  static all = [];
  connectionState = "new";
  iceGatheringState = "complete";
  signalingState = "stable";
  localDescription = { sdp: "v=0" };
  transport = Object.assign(new EventTarget(), { state: "connected" });
  constructor() {
    super();
    FakePeer.all.push(this);
  }
  addTransceiver() {
    return { receiver: { track: {} } };
  }
  getTransceivers() {
    return [{ receiver: { transport: this.transport } }];
  }
  async setLocalDescription() {}
  async setRemoteDescription() {}
  async getStats() {
    return [];
  }
  become(state) {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
  close() {
    this.signalingState = "closed";
    log.push("closed");
  }
}

/** Requests and closed connections, in order. */
const log = [];
/** Statuses of the next answers to POST; 201 otherwise. */
const statuses = [];
Object.assign(globalThis, {
  RTCPeerConnection: FakePeer,
  RTCRtpReceiver: { getCapabilities: () => ({ codecs: [] }) },
  navigator: { onLine: true },
  MediaStream: class {
    addTrack() {}
    getTracks() {
      return [];
    }
  },
  self: { location: { href: "http://here/studio", origin: "http://here" } },
  addEventListener: () => {},
  fetch: async (url, { method, headers }) => {
    const last = method === "POST" && headers.get("If-Match");
    log.push(method + (last ? ` after ${last}` : ""));
    const n = log.filter((entry) => entry.startsWith("POST")).length;
    const status = method === "POST" ? (statuses.shift() ?? 201) : 200;
    return new Response(status === 201 ? "v=0" : JSON.stringify({ detail: "no" }), { status, headers: { Location: `/whip/${n}`, ETag: `"e${n}"` } });
  },
});
const { WhipPublisher } = await import("../../static/js/media/publisher.js");
const { WhepPlayer } = await import("../../static/js/media/viewer.js");

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function live() {
  log.length = FakePeer.all.length = 0;
  const publisher = new WhipPublisher({ url: "http://here/whip" });
  await publisher.publish(/** @type {any} */ ({ getTracks: () => [] }));
  FakePeer.all[0].become("connected");
  return publisher;
}

test("a publisher that lost its network takes its own place again without ending the stream", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const publisher = await live();
  FakePeer.all[0].become("disconnected");
  mock.timers.tick(2500);
  await settled();
  assert.deepEqual(log, ["POST", 'POST after "e1"', "closed"], "no DELETE, and no goodbye before the answer");
  FakePeer.all[1].become("connected");
  assert.equal(publisher.state, "connected");
  publisher.stop();
  assert.deepEqual(log.slice(3), ["closed", "DELETE"]);
  mock.timers.reset();
});

test("a publisher whose place was taken over stays away", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const publisher = await live();
  statuses.push(409);
  Object.assign(FakePeer.all[0].transport, { state: "closed" }).dispatchEvent(new Event("statechange"));
  mock.timers.tick(20000);
  await settled();
  assert.equal(publisher.state, "refused");
  mock.timers.tick(60000);
  await settled();
  assert.deepEqual(log.filter((entry) => entry.startsWith("POST")), ["POST", 'POST after "e1"']);
  // Asked by a person, it takes the place of whoever has it.
  await publisher.publish(/** @type {any} */ ({ getTracks: () => [] }));
  assert.equal(log.at(-1), "POST");
  publisher.stop();
  mock.timers.reset();
});

test("a session gets a new path before it is given up, and keeps its name for coming back", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const publisher = await live();
  const [pc] = FakePeer.all;
  Object.assign(pc, { createOffer: async () => ({ type: "offer", sdp: "v=0" }), signalingState: "have-local-offer" });
  pc.become("disconnected");
  mock.timers.tick(600);
  pc.become("connected");
  mock.timers.tick(5000);
  await settled();
  assert.deepEqual(log, ["POST"], "it came back by itself");
  pc.become("disconnected");
  mock.timers.tick(700);
  await settled();
  pc.become("connected");
  mock.timers.tick(5000);
  await settled();
  assert.deepEqual(log, ["POST", "PATCH"], "the same session by a new path");
  pc.become("disconnected");
  mock.timers.tick(700);
  await settled();
  mock.timers.tick(2500);
  await settled();
  assert.deepEqual(log, ["POST", "PATCH", "PATCH", 'POST after "e1"', "closed"], "no new path came to be: a new session in its place");
  publisher.stop();
  mock.timers.reset();
});

test("a restart takes an offer's credentials out and puts the server's in", () => {
  const offer = "v=0\r\na=group:BUNDLE 0 1\r\na=ice-options:trickle\r\nm=audio 9 X 111\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\nm=video 9 X 96\r\na=mid:1\r\na=candidate:2 1 udp 1 192.0.2.1 9 typ host\r\n";
  assert.equal(
    fragmentOf(offer),
    "a=ice-options:trickle\r\na=group:BUNDLE 0 1\r\nm=audio 9 X 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:secret\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
  );
  const answer = "v=0\r\nm=audio 9 X 111\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\na=candidate:1 1 udp 1 192.0.2.9 1 typ host\r\na=end-of-candidates\r\na=sendonly\r\nm=video 9 X 96\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\n";
  const fragment = "a=ice-lite\r\nm=audio 9 X 0\r\na=mid:0\r\na=ice-ufrag:c\r\na=ice-pwd:d\r\na=candidate:1 1 udp 1 192.0.2.8 2 typ host\r\na=end-of-candidates\r\n";
  assert.equal(
    renewed(answer, fragment),
    "v=0\r\nm=audio 9 X 111\r\na=ice-ufrag:c\r\na=ice-pwd:d\r\na=candidate:1 1 udp 1 192.0.2.8 2 typ host\r\na=end-of-candidates\r\na=sendonly\r\nm=video 9 X 96\r\na=ice-ufrag:c\r\na=ice-pwd:d\r\n",
  );
});

test("STUN and TURN servers are taken from what the server names", () => {
  assert.deepEqual(iceServers(null), []);
  const header = '<stun:stun.example>; rel="ice-server", <turn:turn.example?transport=tcp>; rel=ice-server; username="u,1"; credential="p;2"; credential-type="password", ' +
    '<https://x/sse>; rel="urn:ietf:params:whep:ext:x", <turn:half.example>; rel="ice-server", <javascript:x>; rel="ice-server"';
  assert.deepEqual(iceServers(header), [{ urls: "stun:stun.example" }, { urls: "turn:turn.example?transport=tcp", username: "u,1", credential: "p;2" }]);
});

test("a viewer that comes back ends its old session", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  log.length = FakePeer.all.length = 0;
  const player = new WhepPlayer({ url: "http://here/whep", video: /** @type {any} */ ({ play: async () => {} }) });
  await player.play();
  FakePeer.all[0].become("failed");
  mock.timers.tick(1000);
  await settled();
  assert.deepEqual(log, ["POST", "closed", "DELETE", "POST"]);
  player.stop();
  mock.timers.reset();
});

test("a frame of the connection before is not the first frame of the next", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  FakePeer.all.length = 0;
  const callbacks = [];
  const video = { srcObject: null, play: async () => {}, requestVideoFrameCallback: (callback) => callbacks.push(callback) };
  const player = new WhepPlayer({ url: "http://here/whep", video: /** @type {any} */ (video) });
  let frames = 0;
  player.addEventListener("first-frame", () => frames++);
  await player.play();
  FakePeer.all[0].become("connected");
  await player.restart();
  FakePeer.all[1].become("connected");
  callbacks[0]();
  assert.equal(frames, 0, "the first connection never brought a picture");
  callbacks[1]();
  assert.equal(frames, 1);
  player.stop();
  mock.timers.reset();
});

test("layers that nobody watches are paused at the publisher, in its own session only", async () => {
  const encodings = [{ rid: "q", active: true }, { rid: "h", active: true }, { rid: "f", active: true }];
  const set = [];
  const sender = { getParameters: () => ({ encodings: encodings.map((encoding) => ({ ...encoding })) }), setParameters: async (given) => set.push(given.encodings.map((encoding) => encoding.active)) };
  FakePeer.prototype.addTransceiver = () => /** @type {any} */ ({ sender });
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const publisher = await live();
  await publisher.rest("another", ["f"]);
  assert.deepEqual(set, []);
  await publisher.rest("1", ["h", "f"]);
  await publisher.rest("1", []);
  assert.deepEqual(set, [[true, false, false]], "and nothing is set anew when nothing changes");
  publisher.stop();
  mock.timers.reset();
});

test("a page out of sight gets sound only after a moment, and the picture again when it is seen", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  FakePeer.prototype.addTransceiver = () => /** @type {any} */ ({ receiver: { track: {} } });
  log.length = FakePeer.all.length = 0;
  const page = Object.assign(new EventTarget(), { hidden: false, pictureInPictureElement: null });
  Object.assign(globalThis, { document: page });
  const views = [];
  const real = globalThis.fetch;
  globalThis.fetch = /** @type {any} */ (async (url, init) => {
    if (init.method === "PUT") views.push(JSON.parse(init.body).audio_only);
    return real(url, init);
  });
  const player = new WhepPlayer({ url: "http://here/whep", video: /** @type {any} */ ({ play: async () => {} }) });
  await player.play();
  const see = async (hidden, ms) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event("visibilitychange"));
    mock.timers.tick(ms);
    await settled();
  };
  await see(true, 4000);
  await see(false, 0);
  assert.deepEqual(views, [], "a short look elsewhere changes nothing");
  await see(true, 5000);
  await see(false, 0);
  assert.deepEqual(views, [true, false]);
  page.pictureInPictureElement = /** @type {any} */ ({});
  await see(true, 9000);
  assert.deepEqual(views, [true, false], "the picture is seen in its own window");
  player.stop();
  globalThis.fetch = real;
  mock.timers.reset();
});
