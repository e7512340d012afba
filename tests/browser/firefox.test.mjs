// Debian's Firefox ESR watches and chats. It takes no media from loopback addresses, so it connects to the machine's own address; and it
// comes without H.264, so the recruiter's Chromium is made to send VP8.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { Demo, PATIENCE, Visitor, launch, ownAddresses, until } from "./support.mjs";

let demo, chromium, firefox, room, host;

before(async () => {
  assert.notEqual(ownAddresses().length, 0, "Firefox needs a network interface beside loopback for media");
  [demo, chromium] = [await Demo.start(), await launch()];
  firefox = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    headless: true,
    defaultViewport: { width: 1280, height: 800 },
    extraPrefsFirefox: { "intl.accept_languages": "zh-CN,zh", "app.update.enabled": false, "media.autoplay.default": 0 },
  });
  const booth = demo.freeBooth();
  room = booth.room;
  host = await withoutH264(booth.host);
});
after(async () => {
  await Promise.all([chromium.close(), firefox.close()]);
  await demo.stop();
});

async function withoutH264(person) {
  const visitor = await Visitor.enter(chromium, { person });
  await visitor.page.addInitScript(() => {
    for (const side of [RTCRtpSender, RTCRtpReceiver]) {
      const all = side.getCapabilities.bind(side);
      side.getCapabilities = (kind) => ({ ...all(kind), codecs: all(kind).codecs.filter(({ mimeType }) => !/h264/i.test(mimeType)) });
    }
  });
  return visitor;
}

/** @returns {Promise<{page: import("puppeteer-core").Page, errors: string[]}>} */
async function visit(url) {
  const page = await firefox.newPage();
  page.setDefaultTimeout(PATIENCE);
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await page.goto(url);
  return { page, errors };
}

// Firefox counts the frames of media streams only here.
const frames = (page) => page.$eval("#video", (video) => video.mozPaintedFrames);

test("Firefox watches a live stream", async () => {
  await host.page.goto(`${room.url}/studio`);
  await host.page.locator("#go-live:enabled").click();
  await host.page.locator("#on-air[data-status=live]").waitFor();
  const { page, errors } = await visit(room.url);
  await until(async () => (await frames(page)) > 30, "frames in Firefox");
  assert.deepEqual(errors, []);
  await page.close();
});

test("Firefox sees both who are on stage", async () => {
  const { page, errors } = await visit(room.url);
  await until(async () => (await frames(page)) > 10, "frames of the host");
  const colleague = await withoutH264(demo.person("organiser"));
  await colleague.page.goto(`${room.url}/studio`);
  await colleague.page.locator("#join-stage:enabled").click();
  await colleague.page.locator("#on-air[data-status=live]").waitFor();
  await page.waitForSelector("#panel .seat:not([hidden]) video");
  const both = () => page.$$eval("#video, #panel .seat:not([hidden]) video", (videos) => videos.map((video) => video.mozPaintedFrames));
  const before = await both();
  await until(async () => (await both()).every((count, at) => count > (before[at] ?? 0) + 20), "frames of both in Firefox");
  assert.equal((await both()).length, 2);
  assert.deepEqual(errors, []);
  await page.close();
  await colleague.leave();
});

test("Firefox chats, and gets what was said while it was away", async () => {
  const { page, errors } = await visit(room.url);
  await page.waitForSelector("[data-chat][data-state=open]");
  await page.type("[data-chat-name] input[name=name]", "阿火");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[data-chat-composer]:not([hidden])");
  await page.type("[data-chat-composer] textarea", "狐狸来了");
  await page.keyboard.press("Enter");
  await host.hears("狐狸来了");
  await host.says("欢迎！");
  await page.waitForFunction(() => document.querySelector("[data-chat-list]")?.textContent?.includes("欢迎！"));
  await page.goto("about:blank");
  await host.says("下午还有一场");
  await page.goto(room.url);
  await page.waitForFunction(() => document.querySelector("[data-chat-list]")?.textContent?.includes("下午还有一场"));
  assert.deepEqual(errors, []);
  await page.close();
});

test("a browser that cannot decode the picture says so, and the sound goes on", async (t) => {
  const { page } = await visit(demo.liveRoom().url);
  const lacks = await page.evaluate(() => !RTCRtpReceiver.getCapabilities("video")?.codecs.some(({ mimeType }) => /h264/i.test(mimeType)));
  if (!lacks) {
    t.diagnostic("this Firefox decodes H.264, so it must show the picture");
    await until(async () => (await frames(page)) > 30, "frames in Firefox");
  } else {
    await page.waitForFunction(() => {
      const note = document.querySelector("#stage-note");
      return note && !note.hidden && note.textContent?.includes("当前浏览器无法显示这路画面");
    });
  }
  await page.close();
});

test("Firefox tests its network", async () => {
  const { page, errors } = await visit(`${demo.base_url}/network`);
  await page.waitForSelector("#result[data-verdict]", { timeout: 60_000 });
  const states = await page.$$eval("[data-test]", (rows) => Object.fromEntries(rows.map((row) => [row.dataset.test, row.dataset.state])));
  // The demo serves its pages on loopback, from where Firefox takes no media.
  assert.deepEqual(states, { http: "ok", socket: "ok", udp: "ok", tcp: "ok", web: "fail" });
  assert.equal(await page.$eval("#result", (result) => result.dataset.verdict), "good");
  assert.deepEqual(errors.filter((error) => !error.includes("ICE failed")), []);
  await page.close();
});
