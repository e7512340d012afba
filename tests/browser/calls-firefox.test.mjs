// A call between Debian's Firefox ESR and Chromium. Firefox takes no media from loopback addresses and comes without H.264, so Chromium is made to
// send VP8.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { Demo, PATIENCE, Visitor, launch, ownAddresses, until, withoutH264 } from "./support.mjs";

let demo, chromium, firefox, recruiter;

before(async () => {
  assert.notEqual(ownAddresses().length, 0, "Firefox needs a network interface beside loopback for media");
  [demo, chromium] = [await Demo.start(), await launch()];
  firefox = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    defaultViewport: { width: 1280, height: 800 },
    extraPrefsFirefox: {
      "intl.accept_languages": "zh-CN,zh",
      "app.update.enabled": false,
      "media.autoplay.default": 0,
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
    },
  });
});
after(async () => {
  await Promise.all([chromium.close(), firefox.close()]);
  await demo.stop();
});

test("somebody in Firefox comes by the link, waits, is let in, and both see and write to one another", async () => {
  const booth = demo.freeBooth();
  recruiter = await Visitor.enter(chromium, { person: booth.host });
  await recruiter.page.addInitScript(withoutH264);
  const booker = await Visitor.enter(chromium, { person: demo.person("seeker") });
  await booker.page.goto(`${booth.room.url}/interviews`);
  await booker.page.locator("form[action*='/bookings'] button").first().click();
  await booker.page.locator("dialog[open] button[value=ok]").click();
  await booker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  const interview = booker.page.url();
  await booker.leave();
  const link = await until(() => demo.log().match(/https?:\/\/[\w.:]+\/join\/[\w.-]+/)?.[0], "the link in the message");

  const page = await firefox.newPage();
  page.setDefaultTimeout(PATIENCE);
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(demo.base_url + new URL(link).pathname);
  await Promise.all([page.waitForNavigation(), page.click("#enter")]);
  await page.goto(`${interview}/call`);
  await page.waitForFunction(() => document.querySelector("#waiting-text")?.textContent?.includes("已等候"));
  await recruiter.page.goto(`${interview}/call`);
  await recruiter.page.click("#admit");
  await recruiter.watches("#remote", 20);
  // Firefox counts the frames of media streams only here.
  const frames = () => page.$eval("#remote", (video) => video.mozPaintedFrames);
  await until(async () => (await frames()) > 20, "frames in Firefox");
  await page.click("#talk-open");
  await page.type("#talk-input", "狐狸来面试");
  await page.keyboard.press("Enter");
  await recruiter.page.locator(".talk-line", { hasText: "狐狸来面试" }).waitFor({ state: "attached" });
  assert.deepEqual(errors, []);
  await page.close();
});
