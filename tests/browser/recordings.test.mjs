// Recording a call in two real browsers: asked, refused, agreed, marked for both, stopped; played back with frames decoded; deleted by the candidate.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, host, seeker, interview;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth(1);
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  // The line opens with the desk.
  await host.page.goto(`${booth.room.url}/desk`);
  await seeker.page.goto(`${booth.room.url}/queue`);
  await seeker.page.click("#join-line");
  await seeker.page.locator("#place[data-state=waiting]").waitFor();
  await host.page.locator("#next:enabled").click();
  await seeker.page.locator("#place[data-state=called] #accept").click();
  await Promise.all([seeker, host].map((visitor) => visitor.page.waitForURL(/\/interviews\/[0-9a-f-]{36}\/call$/)));
  interview = new URL(seeker.page.url()).pathname.replace(/\/call$/, "");
  await Promise.all([seeker.watches("#remote"), host.watches("#remote")]);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

const recording = (visitor, yes = true) => visitor.page.locator(`#recording${yes ? "" : ":not("}[data-state=recording]${yes ? "" : ")"}`);

test("the recruiter asks, and a no is told and asked no more", async () => {
  await host.page.click("#rec-ask");
  await host.page.locator("#rec-dialog[open]").waitFor();
  await host.isFit("recording-ask-desk");
  await host.page.click("#rec-yes");
  await seeker.page.locator("#rec-dialog[open]", { hasText: "保存 30 天" }).waitFor();
  await seeker.isFit("recording-asked-phone");
  await seeker.page.click("#rec-no");
  await host.page.locator("#rec-text", { hasText: "有人不同意" }).waitFor();
  await seeker.page.locator("#rec-text", { hasText: "您没有同意" }).waitFor();
  assert.equal(await seeker.page.locator("#rec-dialog[open]").count(), 0);
});

test("changed to a yes by themselves, both see the mark while it runs", async () => {
  await seeker.page.click("#rec-change");
  await seeker.page.click("#rec-yes");
  await Promise.all([recording(host).waitFor(), recording(seeker).waitFor()]);
  await until(async () => (await seeker.page.textContent("#announce-urgent"))?.includes("开始录制"), "words for who cannot see");
  await Promise.all([seeker.watches("#remote", 60), host.watches("#remote", 60)]);
  await seeker.isFit("recording-on-phone");
  await host.isFit("recording-on-desk");
  await host.page.click("#rec-stop");
  await Promise.all([host, seeker].map((visitor) => recording(visitor, false).waitFor({ state: "attached" })));
  // The call goes on.
  await seeker.watches("#remote");
});

test("both are played side by side, with frames decoded, and the look is listed", async () => {
  const watcher = await host.context.newPage();
  watcher.on("pageerror", (error) => host.errors.push(String(error)));
  await watcher.goto(`${demo.base_url}${interview}/recording`);
  assert.equal(await watcher.locator("video").count(), 2);
  await watcher.click("[data-play]");
  const decoded = () => watcher.$$eval("video", (all) => all.map((video) => video.getVideoPlaybackQuality().totalVideoFrames));
  await until(async () => (await decoded()).every((frames) => frames > 20), "frames of both");
  const times = await watcher.$$eval("video", (all) => all.map((video) => video.currentTime));
  assert.ok(Math.abs(times[0] - times[1]) < 0.3, `in step: ${times}`);
  await watcher.close();
  await seeker.page.goto(`${demo.base_url}${interview}/recording`);
  await seeker.page.locator("#view-list li").first().waitFor();
  assert.ok((await seeker.page.locator("#view-list li").count()) >= 2, "the recruiter's look and the own one");
  await seeker.page.click("[data-play]");
  await until(() => seeker.page.$eval("video", (video) => video.getVideoPlaybackQuality().totalVideoFrames > 20), "frames on the phone");
  await seeker.isFit("recording-page-phone");
});

test("the candidate deletes it", async () => {
  await seeker.page.click("#delete");
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.locator("#erased").waitFor();
  await seeker.isFit("recording-erased-phone");
  assert.equal(await seeker.page.locator("video").count(), 0);
  await host.page.goto(`${demo.base_url}${interview}/recording`);
  await host.page.locator("#erased", { hasText: "求职者删除" }).waitFor();
  host.calm();
  seeker.calm();
});
