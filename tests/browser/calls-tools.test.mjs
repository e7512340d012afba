// What a call can do beside seeing and hearing, in real browsers: a small window, another
// device in place of one that is unplugged, a blurred background where the camera offers it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, recruiter, seeker;

/** A camera that can blur what is behind a person by itself. */
const blurs = () => {
  const { getCapabilities, applyConstraints } = MediaStreamTrack.prototype;
  MediaStreamTrack.prototype.getCapabilities = function () {
    return { ...getCapabilities.call(this), ...(this.kind === "video" ? { backgroundBlur: [false, true] } : {}) };
  };
  MediaStreamTrack.prototype.applyConstraints = function ({ backgroundBlur, ...others }) {
    globalThis.blurred = backgroundBlur;
    return applyConstraints.call(this, others);
  };
};

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth();
  recruiter = await Visitor.enter(browser, { ...DESK, person: booth.host });
  seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker") });
  await seeker.page.goto(`${booth.room.url}/interviews`);
  await seeker.page.locator("form[action*='/bookings'] button").first().click();
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  await recruiter.context.addInitScript(blurs);
  await seeker.page.goto(`${seeker.page.url()}/call`);
  await recruiter.page.goto(seeker.page.url());
  await recruiter.page.click("#admit");
  await Promise.all([seeker.watches("#remote", 10), recruiter.watches("#remote", 10)]);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

async function choose({ page }, tool) {
  await page.click("#call-more summary");
  await page.click(tool);
}

test("the other's picture goes into a small window above other programs, and back", async () => {
  const small = () => recruiter.page.evaluate(() => document.pictureInPictureElement?.id ?? "");
  await choose(recruiter, "#pip");
  await until(async () => (await small()) === "remote", "the small window");
  await recruiter.watches("#remote", 10);
  await choose(recruiter, "#pip");
  await until(async () => (await small()) === "", "the end of the small window");
});

test("a camera or microphone that is unplugged, with no other one there, is missed and used again once it is back", async () => {
  const unplug = (kind) =>
    seeker.page.evaluate((kind) => {
      globalThis.plugged ??= navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError"));
      const [track] = document.querySelector("#local").srcObject.getTracks().filter((one) => one.kind === kind);
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }, kind);
  const plug = () =>
    seeker.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = globalThis.plugged;
      navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    });
  await unplug("audio");
  await seeker.page.locator(".toast", { hasText: "麦克风" }).waitFor();
  await recruiter.page.locator("#remote-muted:not([hidden])").waitFor();
  await plug();
  await recruiter.page.locator("#remote-muted").waitFor({ state: "hidden" });
  await unplug("video");
  await seeker.page.locator(".toast", { hasText: "摄像头" }).waitFor();
  await recruiter.page.locator("#waiting:not([hidden])", { hasText: "没有开摄像头" }).waitFor();
  await plug();
  await recruiter.page.locator("#waiting").waitFor({ state: "hidden" });
  await recruiter.watches("#remote", 10);
});

test("a blurred background is offered by cameras that can, and by no others", async () => {
  await choose(recruiter, "#blur");
  await until(() => recruiter.page.evaluate(() => globalThis.blurred === true), "it is blurred");
  await recruiter.page.locator("#blur[aria-pressed=true]").waitFor({ state: "attached" });
  await recruiter.watches("#remote", 10);
  await seeker.page.click("#call-more summary");
  await seeker.page.locator("#sound-only").waitFor();
  assert.equal(await seeker.page.isVisible("#blur"), false);
  for (const visitor of [seeker, recruiter]) visitor.calm();
});
