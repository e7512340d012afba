// A call on bad networks, in real browsers: one side by TCP alone; one side with a tenth of all packets lost; five seconds of nothing at all. The
// seeker's media goes by a relay of ours, which loses what it is told to lose; the server's answers are changed to lead there.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, interview, recruiter, seeker, relay;

/** Carries datagrams to the media port and back, but for what is lost. */
class Relay {
  loss = 0;
  cut = false;
  carried = 0;
  lost = 0;
  /** @type {Map<number, import("node:dgram").Socket>} by the browser's port */
  #backs = new Map();

  static async to(port) {
    const relay = new Relay();
    relay.front = createSocket("udp4").bind(0, "127.0.0.1");
    await once(relay.front, "listening");
    relay.port = relay.front.address().port;
    relay.front.on("message", (data, from) => relay.#pass(() => relay.#back(from, port).send(data, port, "127.0.0.1")));
    return relay;
  }

  #back(from, _port) {
    let back = this.#backs.get(from.port);
    if (!back) {
      back = createSocket("udp4").bind(0, "127.0.0.1");
      back.on("message", (data) => this.#pass(() => this.front.send(data, from.port, from.address)));
      this.#backs.set(from.port, back);
    }
    return back;
  }

  #pass(send) {
    if (this.cut || Math.random() < this.loss) this.lost += 1;
    else {
      this.carried += 1;
      send();
    }
  }

  close() {
    for (const socket of [this.front, ...this.#backs.values()]) socket.close();
  }
}

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  relay = await Relay.to(demo.ports[1]);
  const booth = demo.freeBooth();
  recruiter = await Visitor.enter(browser, { person: booth.host });
  seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker") });
  await seeker.page.goto(`${booth.room.url}/interviews`);
  await seeker.page.locator("form[action*='/bookings'] button").first().click();
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  interview = seeker.page.url();
});
after(async () => {
  relay.close();
  await browser.close();
  await demo.stop();
});

/** Leaves of the candidates in the server's answers what `keep` gives for a line. */
async function lead(visitor, keep) {
  await visitor.page.route(/\/interviews\/.*\/wh[ie]p/, async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    if (!body.includes("a=candidate:")) return route.fulfill({ response, body });
    const lines = body.split("\r\n").flatMap((line) => (line.startsWith("a=candidate:") ? keep(line) : [line]));
    await route.fulfill({ response, body: lines.join("\r\n") });
  });
}
const isUdp = (line) => / udp /i.test(line);
const byRelay = (line) => (isUdp(line) && line.includes(" 127.0.0.1 ") ? [line.replace(` ${demo.ports[1]} `, ` ${relay.port} `)] : []);
const byTcp = (line) => (isUdp(line) ? [] : [line]);

async function meet() {
  await recruiter.page.goto(`${interview}/call`);
  await seeker.page.goto(`${interview}/call`);
  const door = recruiter.page.locator("#door:not([hidden]) #admit");
  await Promise.race([door.click(), seeker.page.locator("#call[data-in='1']").waitFor()]).catch(() => {});
  await Promise.all([recruiter.watches("#remote", 10), seeker.watches("#remote", 10)]);
}

/** What of the sound was made up because it did not come in time, since `before`. */
async function sound(visitor) {
  return visitor.page.$eval("#remote", async () => {
    const all = [];
    for (const pc of globalThis.pcs ?? []) if (pc.connectionState === "connected") for (const [, entry] of await pc.getStats()) all.push(entry);
    const heard = all.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio");
    return heard ? { concealed: heard.concealedSamples - heard.silentConcealedSamples, all: heard.totalSamplesReceived, received: heard.packetsReceived, lost: heard.packetsLost } : null;
  });
}

const keepConnections = () => {
  const Whole = globalThis.RTCPeerConnection;
  globalThis.pcs = [];
  globalThis.RTCPeerConnection = class extends Whole {
    constructor(...all) {
      super(...all);
      globalThis.pcs.push(this);
    }
  };
};

test("a side that has TCP alone meets the other", async () => {
  await lead(seeker, byTcp);
  await meet();
  assert.equal(relay.carried, 0);
  await seeker.page.unroute(/\/interviews\/.*\/wh[ie]p/);
});

test("with a tenth of all packets lost both ways, nine tenths of the sound come in time and the picture moves", async (t) => {
  for (const visitor of [seeker, recruiter]) await visitor.context.addInitScript(keepConnections);
  await lead(seeker, byRelay);
  await meet();
  assert.notEqual(relay.carried, 0, "the seeker's media goes by the relay");
  relay.loss = 0.1;
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const before = await Promise.all([seeker, recruiter].map(sound));
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  const after = await Promise.all([seeker, recruiter].map(sound));
  relay.loss = 0;
  for (const [n, who] of ["seeker", "recruiter"].entries()) {
    const share = 1 - (after[n].concealed - before[n].concealed) / (after[n].all - before[n].all);
    const lost = after[n].lost - before[n].lost;
    t.diagnostic(`${who}: ${(100 * share).toFixed(1)} % of the sound in time, ${lost} packets lost for good of ${after[n].received - before[n].received + lost}`);
    assert.ok(share >= 0.9, `${who} heard ${share}`);
  }
  await Promise.all([seeker.watches("#remote", 20), recruiter.watches("#remote", 20)]);
});

test("after five seconds of nothing the call goes on by itself, with pictures within two seconds", async (t) => {
  const frames = (visitor) => visitor.page.$eval("#remote", (video) => video.getVideoPlaybackQuality().totalVideoFrames);
  relay.cut = true;
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const still = await Promise.all([seeker, recruiter].map(frames));
  relay.cut = false;
  const begun = Date.now();
  const back = await Promise.all([seeker, recruiter].map(async (visitor, n) => {
    await until(async () => {
      const now = await frames(visitor);
      return now > still[n] || (now < still[n] && now > 0);
    }, "a picture", 15_000);
    return Date.now() - begun;
  }));
  t.diagnostic(`pictures back after ${back.join(" and ")} ms`);
  assert.ok(Math.max(...back) <= 2000, `${back}`);
  await Promise.all([seeker.watches("#remote", 30), recruiter.watches("#remote", 30)]);
  assert.equal(await seeker.page.isVisible("#take"), false);
});
