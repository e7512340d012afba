// A new path for a session that goes on: ICE restarts of a viewer and of a publisher in a real browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, Visitor, launch, until } from "./support.mjs";

let demo, browser;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** Somebody on a page without media of its own, who notes what is asked of the server's media. */
async function somebody(options) {
  const visitor = await Visitor.enter(browser, options);
  visitor.asked = [];
  visitor.page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (/\/(whip|whep)(\/|$)/.test(pathname)) visitor.asked.push(`${response.request().method()} ${response.status()}`);
  });
  await visitor.page.goto(demo.base_url);
  return visitor;
}

test("a viewer's picture goes on over a restart, in the same session", async () => {
  const viewer = await somebody();
  await viewer.page.evaluate(
    async ([url]) => {
      const base = document.querySelector("script[src*='/js/core/app.js']").src.replace("core/app.js", "media/");
      const { WhepPlayer } = await import(`${base}viewer.js`);
      const video = Object.assign(document.createElement("video"), { id: "video", muted: true });
      document.body.append(video);
      globalThis.player = new WhepPlayer({ url, video });
      await globalThis.player.play();
    },
    [new URL(demo.liveRoom().whep_url).pathname],
  );
  await viewer.watches("#video", 20);
  const before = await viewer.page.evaluate(() => globalThis.player.pc.remoteDescription.sdp.match(/a=ice-ufrag:(\S+)/)[1]);
  for (let n = 0; n < 3; n++) {
    await viewer.page.evaluate(() => globalThis.player.mend());
    await viewer.watches("#video", 20);
  }
  const now = await viewer.page.evaluate(() => ({ ufrag: globalThis.player.pc.remoteDescription.sdp.match(/a=ice-ufrag:(\S+)/)[1], state: globalThis.player.state, ice: globalThis.player.pc.iceConnectionState }));
  assert.notEqual(now.ufrag, before);
  assert.equal(now.state, "connected");
  assert.deepEqual(viewer.asked, ["POST 201", "PATCH 200", "PATCH 200", "PATCH 200"]);
  await viewer.page.evaluate(() => globalThis.player.stop());
  await viewer.leave();
});

test("a publisher's stream goes on over a restart, and it can still come back", async () => {
  const { room, host } = demo.freeBooth();
  const publisher = await somebody({ person: host });
  await publisher.page.evaluate(
    async ([url]) => {
      const base = document.querySelector("script[src*='/js/core/app.js']").src.replace("core/app.js", "media/");
      const { WhipPublisher } = await import(`${base}publisher.js`);
      globalThis.publisher = new WhipPublisher({ url });
      await globalThis.publisher.publish(await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 480 } }));
    },
    [new URL(room.whip_url).pathname],
  );
  await until(() => publisher.page.evaluate(() => globalThis.publisher.state === "connected"), "on air");
  const viewer = await Visitor.enter(browser);
  await viewer.page.goto(room.url);
  await viewer.watches("#video", 20);
  await publisher.page.evaluate(() => globalThis.publisher.mend());
  await viewer.watches("#video", 40);
  assert.deepEqual(publisher.asked.filter((entry) => !entry.startsWith("GET")), ["POST 201", "PATCH 200"]);
  // The session has a new etag; a new session in its place is let in by that one.
  await publisher.page.evaluate(() => globalThis.publisher.restart());
  await until(() => publisher.page.evaluate(() => globalThis.publisher.state === "connected"), "on air again");
  await viewer.watches("#video", 20);
  assert.deepEqual(publisher.asked.filter((entry) => !entry.startsWith("GET")), ["POST 201", "PATCH 200", "POST 201"]);
  assert.equal(await viewer.page.evaluate(() => document.querySelector("#stage").dataset.status), "live");
  await publisher.page.evaluate(() => globalThis.publisher.stop());
  for (const visitor of [publisher, viewer]) await visitor.leave();
});
