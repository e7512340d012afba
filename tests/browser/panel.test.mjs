// Two people on one stage, in real browsers: a colleague joins the host, both see and hear one another, viewers see both and choose whom they see
// large, and the one who leaves leaves the other live.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SMALL = "#panel .seat:not([hidden]) video";
let demo, browser, room, host, colleague, phone, desk;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth();
  room = booth.room;
  host = await Visitor.enter(browser, { person: booth.host });
  colleague = await Visitor.enter(browser, { person: demo.person("organiser") });
  phone = await Visitor.enter(browser, PHONE);
  desk = await Visitor.enter(browser);
  await phone.page.addInitScript(() => {
    globalThis.connections = [];
    globalThis.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...settings) {
        super(...settings);
        globalThis.connections.push(this);
      }
    };
  });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

const seatOf = (visitor) => visitor.page.getAttribute("#panel .seat:not([hidden])", "data-seat");

test("a colleague joins the host on stage, and everybody sees both", async () => {
  await phone.page.goto(room.url);
  await host.page.goto(`${room.url}/studio`);
  await host.page.locator("#go-live:enabled").click();
  await host.page.locator("#on-air[data-status=live]").waitFor();
  await phone.watches();
  assert.equal(await phone.page.isHidden("#panel"), true, "one person is no panel");
  await colleague.page.goto(`${room.url}/studio`);
  await colleague.page.locator("#join-stage:enabled").click();
  await colleague.page.locator("#on-air[data-status=live]").waitFor();
  // One viewer was there before the panel began, the other comes to it.
  await desk.page.goto(room.url);
  for (const viewer of [phone, desk]) await viewer.page.locator("#panel .seat:not([hidden])").waitFor();
  await Promise.all([phone, desk].flatMap((viewer) => [viewer.watches(), viewer.watches(SMALL)]));
  await Promise.all([host, colleague].map((visitor) => visitor.watches("#monitor-video")));
  assert.deepEqual(await Promise.all([phone, desk].map((viewer) => viewer.page.locator("#panel .seat:not([hidden])").count())), [1, 1]);
  await Promise.all([phone.shot("panel-phone"), desk.shot("panel-desk"), colleague.shot("panel-studio")]);
});

test("both are heard", async () => {
  await phone.page.locator("#sound-on").tap();
  // Samples leave the jitter buffer only where something plays them.
  const played = () => phone.page.evaluate(async () => {
    const report = await globalThis.connections.at(-1).getStats();
    return [...report.values()].filter(({ type, kind }) => type === "inbound-rtp" && kind === "audio").map((track) => track.jitterBufferEmittedCount);
  });
  const before = await played();
  await until(async () => (await played()).filter((count, at) => count > (before[at] ?? 0) + 24_000).length === 2, "half a second of two voices");
});

test("a tap makes a picture the large one, and another follows the voices again", async () => {
  const before = await seatOf(phone);
  await phone.page.locator("#panel .seat:not([hidden])").tap();
  await until(async () => (await seatOf(phone)) !== before, "the other one in the small picture");
  await Promise.all([phone.watches(), phone.watches(SMALL)]);
  await phone.page.locator("#panel > .btn:not([hidden])").waitFor();
  await phone.shot("panel-pinned-phone");
  for (const { page } of [phone, desk]) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => globalThis.axe.run("#stage", { resultTypes: ["violations"] }));
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing to scroll sideways");
  }
  await phone.page.locator("#panel > .btn").tap();
  await phone.page.locator("#panel > .btn").waitFor({ state: "hidden" });
});

test("who saves data sees one picture and chooses it by name", async () => {
  await phone.page.locator("#save-data").tap();
  await phone.page.locator("#panel .seat:not(:has(video))").waitFor();
  assert.equal(await phone.page.locator(SMALL).count(), 0);
  const chosen = await seatOf(phone);
  await phone.page.locator("#panel .seat:not([hidden])").tap();
  await until(async () => (await seatOf(phone)) !== chosen, "the other name");
  await phone.watches();
  await phone.shot("panel-names-phone");
  await phone.page.locator("#save-data").tap();
  await phone.page.locator(SMALL).waitFor();
  await phone.watches(SMALL);
});

test("who leaves leaves the other live", async () => {
  await colleague.page.click("#end-live");
  await colleague.page.locator("dialog[open] button[value=ok]").click();
  await Promise.all([phone, desk].map((viewer) => viewer.page.locator("#panel").waitFor({ state: "hidden" })));
  await Promise.all([phone, desk].map((viewer) => viewer.watches()));
  // One who is gone for a moment ends no panel; after that viewers take the tracks of one person again.
  await until(() => phone.page.evaluate(() => document.querySelectorAll("#panel video").length === 0), "the tracks of one person");
  await phone.watches();
  assert.equal(await host.page.getAttribute("#on-air", "data-status"), "live");
  for (const visitor of [host, colleague, phone, desk]) {
    // The goodbye of a connection may end its session before the request that does.
    visitor.errors = visitor.errors.filter((error) => !error.includes("Failed to load resource"));
    visitor.calm();
  }
});
