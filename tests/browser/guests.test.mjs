// A viewer comes on stage, in real browsers: raises a hand, is asked, looks into the mirror, goes on; is muted, shares a screen and is sent back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SMALL = "#panel .seat:not([hidden]) video";
let demo, browser, room, host, guest, viewer;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth();
  room = booth.room;
  host = await Visitor.enter(browser, { person: booth.host });
  guest = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker") });
  viewer = await Visitor.enter(browser, PHONE);
  // There is no window to choose in a test: the screen is a canvas on which something moves.
  for (const { page } of [host, guest]) {
    await page.addInitScript(() => {
      navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
        const context = canvas.getContext("2d");
        let n = 0;
        setInterval(() => {
          Object.assign(context, { fillStyle: "#fff", font: "64px sans-serif" }).fillRect(0, 0, 1280, 720);
          Object.assign(context, { fillStyle: "#123" }).fillText(`薪资表 第 ${n++} 页`, 60, 120);
        }, 100);
        const stream = canvas.captureStream(10);
        globalThis.sharedScreen = stream.getVideoTracks()[0];
        return stream;
      };
    });
  }
});
after(async () => {
  await browser.close();
  await demo.stop();
});

async function isAccessible({ page }, selector) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((where) => globalThis.axe.run(where, { resultTypes: ["violations"] }), selector);
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, "nothing to scroll sideways");
}

test("a hand goes up, the host sees it, and a reload keeps it", async () => {
  for (const { page } of [guest, viewer]) await page.goto(room.url);
  assert.equal(await guest.page.isHidden("#hand"), true, "nothing is live");
  await host.page.goto(`${room.url}/studio`);
  await host.page.locator("#go-live:enabled").click();
  await host.page.locator("#on-air[data-status=live]").waitFor();
  await guest.watches();
  await guest.page.locator("#hand button").tap();
  await guest.page.locator("#hand button[aria-pressed=true]").waitFor();
  await host.page.locator("#people ol li").waitFor();
  await guest.shot("guests-hand-phone");
  await guest.page.reload();
  await guest.page.locator("#hand button[aria-pressed=true]").waitFor();
  assert.equal(await host.page.locator("#people ol li").count(), 1);
  await viewer.page.locator("#hand button").tap();
  assert.equal(await viewer.page.locator("#hand button").getAttribute("aria-pressed"), "false", "without a name first");
  await isAccessible(guest, ".room-head");
  await isAccessible(host, "#people");
  await host.page.locator("#people").scrollIntoViewIfNeeded();
  await host.shot("guests-desk");
});

test("who is asked looks into the mirror and goes on stage with their name", async () => {
  await host.page.locator("#people ol [name=video][value='1']").click();
  await guest.page.locator("#mirror-accept:enabled").waitFor();
  await until(() => guest.page.evaluate(() => document.querySelector(".mirror-frame video").videoWidth > 0), "the mirror");
  await guest.shot("guests-mirror-phone");
  await isAccessible(guest, ".mirror-dialog");
  await guest.page.locator("#mirror-accept").tap();
  await guest.page.locator("#guest-bar[data-on]").waitFor();
  await viewer.page.locator("#panel .seat:not([hidden])").waitFor();
  await Promise.all([viewer.watches(), viewer.watches(SMALL), guest.watches(), host.watches("#monitor-video")]);
  const names = () => viewer.page.locator("#panel .seat-name, #main-name").allTextContents();
  const [{ name }, hostName] = [demo.person("seeker"), await host.page.locator("#people .lines .strong").first().textContent()];
  await until(async () => (await names()).some((text) => text.includes(name)) && (await names()).some((text) => text.includes(hostName)), "both names");
  assert.equal(await guest.page.isHidden("#hand"), true);
  await isAccessible(guest, "#guest-bar");
  await Promise.all([guest.shot("guests-on-stage-phone"), viewer.shot("guests-viewer-phone")]);
  await host.page.locator("#people .badge-live").waitFor();
  await host.shot("guests-studio");
});

test("the host mutes the guest, who sees it and cannot undo it", async () => {
  const mute = () => host.page.locator("#people form[action$='/mute'] button");
  await mute().click();
  await guest.page.locator("#guest-mute[disabled][aria-pressed=true]").waitFor();
  await until(async () => (await viewer.page.locator("#panel .seat-name, #main-name").allTextContents()).some((text) => text.includes("已静音")), "told to all");
  await guest.shot("guests-muted-phone");
  await until(async () => (await mute().getAttribute("value")) === "0", "the other way round");
  await mute().click();
  await guest.page.locator("#guest-mute:enabled[aria-pressed=false]").waitFor();
});

test("a shared screen stands beside the camera, large, until the browser's own stop", async () => {
  await host.page.locator("#share-screen").click();
  await host.page.locator("#share-screen[aria-pressed=true]").waitFor();
  await until(async () => (await viewer.page.locator("#main-name").textContent()).includes("屏幕"), "the screen is the large picture");
  await viewer.watches(SMALL);
  assert.ok((await viewer.page.locator(SMALL).count()) >= 2, "camera and guest are small");
  await viewer.shot("guests-screen-phone");
  // Without video a still of it stands there.
  await viewer.page.locator("#audio-only").tap();
  await viewer.page.locator("#slide:not([hidden])").waitFor();
  assert.ok(await viewer.page.evaluate(() => document.querySelector("#slide").naturalWidth >= 640));
  await viewer.shot("guests-still-phone");
  await viewer.page.locator("#audio-only").tap();
  await viewer.page.locator("#slide").waitFor({ state: "hidden" });
  await host.page.evaluate(() => {
    globalThis.sharedScreen.stop();
    globalThis.sharedScreen.dispatchEvent(new Event("ended"));
  });
  await host.page.locator("#share-screen[aria-pressed=false]").waitFor();
  await until(async () => !(await viewer.page.locator("#main-name").textContent()).includes("屏幕"), "the screen is gone");
  await viewer.watches();
});

test("a guest who reloads is on stage again, and one who is sent back is not", async () => {
  guest.page.on("dialog", (dialog) => dialog.accept());
  await guest.page.locator("#guest-mute").tap();
  await guest.page.locator("#guest-mute[aria-pressed=true]").waitFor();
  await guest.page.locator("#guest-camera").tap();
  await guest.page.locator("#guest-camera[aria-pressed=true]").waitFor();
  await guest.page.reload();
  await guest.page.locator("#guest-bar[data-on]").waitFor();
  assert.equal(await guest.page.getAttribute("#guest-mute", "aria-pressed"), "true", "who was silent is silent still");
  assert.equal(await guest.page.getAttribute("#guest-camera", "aria-pressed"), "true", "and who was not seen is not");
  await guest.page.locator("#guest-camera").tap();
  await guest.page.locator("#guest-mute").tap();
  // The picture of before may just be going.
  await until(() => viewer.watches(SMALL).then(() => true, () => false), "the guest's new picture");
  await host.page.locator("#people form[action$='/removals'] button").click();
  await guest.page.locator("#guest-bar").waitFor({ state: "hidden" });
  await guest.page.locator("#hand:not([hidden])").waitFor();
  await viewer.page.locator("#panel").waitFor({ state: "hidden" });
  await viewer.watches();
  for (const visitor of [host, guest, viewer]) {
    // The goodbye of a connection may end its session before the request that does.
    visitor.errors = visitor.errors.filter((error) => !error.includes("Failed to load resource"));
    visitor.calm();
  }
});

test("somebody who only wrote is asked from the chat, and says no", async () => {
  await guest.says("我在这条线上做过两年");
  await host.hears("我在这条线上做过两年");
  await host.line("我在这条线上做过两年").locator(".msg-actions").click();
  await host.page.getByRole("button", { name: "请上台（语音）" }).last().click();
  await guest.page.locator("#mirror-decline").tap();
  await guest.page.locator(".mirror-dialog").waitFor({ state: "detached" });
  await until(async () => (await host.page.locator("#people form[action$='/removals']").count()) === 0, "nobody is asked any more");
});

test("captions stand over the picture for those who switch them on", async () => {
  await host.page.locator("#caption-desk > summary").click();
  const say = async (text) => {
    await host.page.fill("#caption-form [name=text]", text);
    await host.page.press("#caption-form [name=text]", "Enter");
    await host.page.locator("#captions p", { hasText: text }).waitFor();
  };
  await say("大家好，欢迎来到直播间");
  await viewer.page.locator("#captions-on:not([hidden])").tap();
  await say("我们包吃住，月休四天，五险一金，夫妻房可以申请");
  await viewer.page.locator("#captions p", { hasText: "夫妻房" }).waitFor();
  assert.equal(await viewer.page.locator("#captions").getAttribute("aria-live"), null, "never read out");
  await viewer.shot("captions-phone");
  const box = await viewer.page.locator("#captions").boundingBox();
  assert.ok(box.width <= 360 && box.height < 60, JSON.stringify(box));
  await isAccessible(viewer, "#stage");
  await isAccessible(host, "#caption-desk");
  await viewer.page.locator("#captions-on").tap();
  await viewer.page.locator("#captions").waitFor({ state: "hidden" });
});

test("an uploaded picture stands for video where data is saved", async () => {
  await host.page.locator("#slides-desk > summary").click();
  const png = await host.page.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 450 });
    const context = canvas.getContext("2d");
    Object.assign(context, { fillStyle: "#fdf0cf" }).fillRect(0, 0, 800, 450);
    Object.assign(context, { fillStyle: "#33240a", font: "48px sans-serif" }).fillText("宿舍四人间，有空调", 60, 220);
    return canvas.toDataURL("image/png").split(",")[1];
  });
  await host.page.setInputFiles("#slides [name=picture]", { name: "a.png", mimeType: "image/png", buffer: Buffer.from(png, "base64") });
  await host.page.fill("#slides [name=title]", "宿舍");
  await host.page.locator("#slides form[enctype] button").click();
  await host.page.locator("#slides img").waitFor();
  await viewer.page.locator("#save-data").tap();
  await viewer.watches();
  await host.page.locator("#slides .slide-grid [name=slide]").click();
  await host.page.locator("#slides [data-shown]").waitFor();
  await viewer.page.locator("#slide:not([hidden])").waitFor();
  assert.equal(await viewer.page.locator("#slide").getAttribute("alt"), "宿舍");
  assert.equal(await viewer.page.isHidden("#stage-note"), true);
  await viewer.shot("slides-phone");
  await host.page.locator("#slides").scrollIntoViewIfNeeded();
  await host.shot("slides-studio");
  await isAccessible(host, "#slides");
  await isAccessible(viewer, "#stage");
  await host.page.locator("#slide-none").click();
  await viewer.page.locator("#slide").waitFor({ state: "hidden" });
  await viewer.watches();
  assert.equal(await host.page.getAttribute("#on-air", "data-status"), "live", "all of it without leaving the stage");
});

test("in English, in the dark, in large text and on a desk", async () => {
  const settings = [
    { name: "desk-dark", person: demo.person("seeker", 1), cookies: { sb_theme: "dark" }, locale: "en-US" },
    { name: "phone-large", ...PHONE, person: demo.person("seeker", 2), cookies: { sb_size: "large" } },
  ];
  for (const { name, cookies, ...options } of settings) {
    const visitor = await Visitor.enter(browser, options);
    const url = new URL(room.url).origin;
    await visitor.context.addCookies(Object.entries(cookies).map(([key, value]) => ({ name: key, value, url })));
    await visitor.page.goto(room.url);
    await visitor.watches();
    await visitor.page.locator("#hand button").click();
    await visitor.page.locator("#hand button[aria-pressed=true]").waitFor();
    await host.page.fill("#caption-form [name=text]", "今天讲三个岗位：操作工、质检员和叉车司机，都包吃住");
    await host.page.press("#caption-form [name=text]", "Enter");
    await visitor.page.locator("#captions-on:not([hidden])").click();
    await visitor.page.locator("#captions p").first().waitFor();
    await visitor.shot(`guests-${name}`);
    for (const where of [".room-head", "#stage"]) await isAccessible(visitor, where);
    await host.page.locator("#people ol [name=video][value='1']").first().click();
    await visitor.page.locator("#mirror-accept:enabled").waitFor();
    await visitor.shot(`guests-${name}-mirror`);
    await isAccessible(visitor, ".mirror-dialog");
    await visitor.page.locator("#mirror-accept").click();
    await visitor.page.locator("#guest-bar[data-on]").waitFor();
    await visitor.shot(`guests-${name}-on-stage`);
    await isAccessible(visitor, "#guest-bar");
    // A goodbye that gets lost is said again, and nobody is on stage once more because of it.
    await visitor.page.route("**/departures", (route) => route.abort(), { times: 1 });
    await visitor.page.locator("#guest-leave").click();
    await visitor.page.locator("#guest-bar").waitFor({ state: "hidden" });
    await visitor.page.reload();
    await until(async () => (await host.page.locator("#people form[action$='/removals']").count()) === 0, "the guest has left");
    assert.equal(await visitor.page.locator("#guest-bar[data-on]").count(), 0);
    visitor.errors = visitor.errors.filter((error) => !error.includes("Failed to load resource"));
    await visitor.leave();
  }
  await host.page.evaluate(() => document.querySelector("#people").scrollIntoView());
  await host.shot("guests-studio-people");
  const colleague = await Visitor.enter(browser, { ...PHONE, person: demo.person("organiser") });
  for (const page of ["captions", "slides"]) {
    await colleague.page.goto(`${room.url}/${page}`);
    await colleague.page.locator("h1").waitFor();
    await isAccessible(colleague, "main");
    await colleague.shot(`${page}-page-phone`);
  }
  await colleague.page.goto(`${room.url}/captions`);
  await colleague.page.fill("#caption-form [name=text]", "从字幕页来的一句");
  await colleague.page.press("#caption-form [name=text]", "Enter");
  await colleague.page.locator("#captions p", { hasText: "从字幕页来的一句" }).waitFor();
  await colleague.leave();
});
