// A host names somebody in the room co-host, who leads beside them and is taken back, in three real browsers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, room, host, coHost, viewer, name;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth();
  room = booth.room;
  ({ name } = demo.person("seeker"));
  host = await Visitor.enter(browser, { person: booth.host });
  coHost = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker") });
  viewer = await Visitor.enter(browser, PHONE);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a host finds somebody in the room and names them without leaving the stream", async () => {
  for (const { page } of [coHost, viewer]) await page.goto(room.url);
  await host.page.goto(`${room.url}/studio`);
  await host.page.locator("#go-live:enabled").click();
  await host.page.locator("#on-air[data-status=live]").waitFor();
  await coHost.watches();
  await host.page.locator("#co-hosts-desk > summary").click();
  await host.page.fill("#co-host-q", name);
  await host.page.press("#co-host-q", "Enter");
  await host.page.locator("#co-hosts-found button").first().waitFor();
  await host.page.locator("#co-hosts").scrollIntoViewIfNeeded();
  await host.shot("co-hosts-found");
  await host.page.locator("#co-hosts-found button").first().click();
  await host.page.locator("#co-hosts .badge", { hasText: "联合主持" }).waitFor();
  assert.equal(await host.page.getAttribute("#on-air", "data-status"), "live");
  await coHost.page.locator("#studio-link:not([hidden])").waitFor();
  await coHost.shot("co-hosts-named-phone");
  await viewer.hears("来联合主持了");
});

test("the co-host is on stage and leads, with a badge for everybody", async () => {
  await coHost.page.goto(`${room.url}/studio`);
  await coHost.page.locator("#go-live:enabled").click();
  await coHost.page.locator("#on-air[data-status=live]").waitFor();
  assert.equal(await coHost.page.locator("form[action$='/stream/end'], #make-token, #co-host-search").count(), 0);
  await coHost.shot("co-hosts-studio-phone");
  await viewer.watches();
  await viewer.page.locator("#panel .seat:not([hidden])").waitFor();
  await coHost.says("大家有问题可以举手");
  await viewer.line("大家有问题可以举手").locator(".badge", { hasText: "联合主持" }).waitFor();
  await viewer.shot("co-hosts-viewer-phone");
  assert.equal(await coHost.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
});

test("taken back, they are off the stage and back in the room, and the stream goes on", async () => {
  coHost.page.on("dialog", (dialog) => dialog.accept());
  await host.page.locator("#co-hosts form[action$='/undo'] button").click();
  await coHost.page.waitForURL(room.url);
  await coHost.page.locator("#hand:not([hidden])").waitFor();
  assert.equal(await coHost.page.isHidden("#studio-link"), true);
  await viewer.page.locator("#panel").waitFor({ state: "hidden" });
  await viewer.watches();
});
