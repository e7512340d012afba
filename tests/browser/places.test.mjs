// What a posting can say and show, in real browsers: several places, occupations picked as one types, whom applicants may call, pictures. With scripts
// and, for the form, without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

const PHOTO = fileURLToPath(new URL("../../src/demo/licence.jpg", import.meta.url));
let demo, browser, organiser;

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

async function fill(page) {
  await page.fill("#title_zh", "设备巡检员");
  await page.fill("#about_zh", "每天巡检设备并做记录，白班，节假日轮休。");
  await page.selectOption("#region", "330100");
  await page.fill("#industry", "C34 通用设备制造业");
  await page.fill("#headcount", "30");
}

for (const scripts of [true, false]) {
  test(`a posting in several places is written, approved and shown, ${scripts ? "with" : "without"} scripts`, async () => {
    const host = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter"), bypassCSP: true, javaScriptEnabled: scripts });
    const { page } = host;
    await page.goto(`${demo.fair.url}/postings/new`);
    await fill(page);
    await page.click("button[value=add-place]");
    await page.locator("#place2_region").waitFor();
    await page.fill("#place2_region", "火星");
    await page.click("button[value=add-place]");
    await page.locator("#place3_region").waitFor();
    await page.fill("#place3_region", "广东深圳宝安区");
    await page.fill("#place3_headcount", "8");
    await page.fill("#contact_person", "李师傅");
    await page.fill("#contact_phone", "0571-88886666");
    if (scripts) {
      await page.fill("#industry", "");
      await page.locator("#industry").pressSequentially("3311");
      await until(() => page.locator("#industries option[value^='C3311 ']").count(), "industries are offered");
      await page.locator("#occupation").pressSequentially("焊");
      await until(() => page.locator("#occupations option[value*='焊工']").count(), "occupations are offered");
    }
    await page.fill("#occupation", "6-18-02-77");
    await page.click("button[value=review]");
    await page.locator("#place2_region-error", { hasText: "没有这个地区" }).waitFor();
    await page.locator("#occupation-error", { hasText: "6-18-02-04 焊工" }).waitFor();
    assert.equal(await page.inputValue("#place3_headcount"), "8");
    if (scripts) await host.isFit("posting-form-places-phone");
    await page.fill("#occupation", "焊工");
    await page.click("button[value=drop-place2]");
    // Without a script the rows that are left are counted anew.
    await page.locator(scripts ? "#place3_region" : "#place2_region").waitFor();
    await until(() => page.locator("[data-places] fieldset").count().then((n) => n === 1), "one row is left");
    await page.click("button[value=review]");
    await page.waitForURL(/\/postings\/[0-9a-f-]{36}$/);
    const path = new URL(page.url()).pathname;
    await page.locator("dd", { hasText: "广东深圳宝安区（招 8 人）" }).waitFor();
    await page.locator("#contact", { hasText: "0571-88886666" }).waitFor();
    if (scripts) await host.isFit("posting-places-phone");

    await organiser.page.goto(`${demo.base_url}${path}`);
    await organiser.page.locator("section", { hasText: "李** 057****6666" }).first().waitFor();
    await organiser.page.click("button[value=live]");
    await organiser.page.locator(".badge", { hasText: "招聘中" }).first().waitFor();
    const guest = await Visitor.enter(browser, { bypassCSP: true });
    await guest.page.goto(`${demo.fair.url}/postings?region=440306`);
    await guest.page.locator(".posting-card", { hasText: "设备巡检员" }).first().waitFor();
    await guest.page.goto(`${demo.base_url}${path}`);
    await guest.page.locator("section", { hasText: "报名后可以看到联系人" }).first().waitFor();
    if (scripts) await guest.isFit("posting-places-desk");
    guest.calm();
    await guest.leave();
    await host.leave();
  });
}

test("pictures are made smaller, uploaded, moved, taken out and put back", async () => {
  const host = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter", 1), bypassCSP: true });
  const { page } = host;
  await page.goto(`${demo.base_url}/`);
  const employer = await page.locator("a[href^='/employers/']").first().getAttribute("href");
  await page.goto(`${demo.base_url}${employer}/postings`);
  const posting = (await page.locator("a[href$='/edit']").first().getAttribute("href")).replace(/\/edit$/, "");
  await page.goto(`${demo.base_url}${posting}/pictures`);
  await host.isFit("pictures-none-phone");
  for (const [n, alt] of ["四人间宿舍，带空调", "宽敞明亮的车间"].entries()) {
    await page.fill("#alt", alt);
    await page.setInputFiles("#picture", PHOTO);
    await page.click("#add-picture button");
    await until(() => page.locator(".shots li").count().then((found) => found === n + 1), `${n + 1} pictures`);
  }
  await page.waitForFunction(() => [...document.querySelectorAll(".shots img")].every((img) => img.naturalWidth > 100));
  await host.isFit("pictures-phone");
  const first = () => page.locator(".shots li").first().innerText();
  await page.locator(".shots li").last().locator("button").first().click();
  await until(() => first().then((text) => text.includes("车间"), () => false), "the order has changed");
  await page.locator(".shots li").first().locator("button").last().click();
  await until(() => page.locator(".shots li").count().then((found) => found === 1), "one is out");
  await page.locator("button[value^=back]").click();
  await until(() => page.locator(".shots li").count().then((found) => found === 2), "it is back");
  host.calm();

  for (const [name, options] of [["phone", PHONE], ["desk", {}]]) {
    const guest = await Visitor.enter(browser, { ...options, bypassCSP: true });
    await guest.page.goto(`${demo.base_url}${posting}`);
    await guest.page.locator(".gallery").scrollIntoViewIfNeeded();
    await guest.page.waitForFunction(() => document.querySelector(".gallery img")?.naturalWidth > 100);
    await guest.isFit(`pictures-shown-${name}`);
    guest.calm();
    await guest.leave();
  }
  await host.leave();
});

test("a voice is recorded, heard, sent with its words, and played by a guest", async () => {
  const host = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter", 2), bypassCSP: true });
  const { page } = host;
  await page.goto(`${demo.base_url}/`);
  const employer = await page.locator("a[href^='/employers/']").first().getAttribute("href");
  await page.goto(`${demo.base_url}${employer}/postings`);
  const posting = (await page.locator("a[href$='/edit']").first().getAttribute("href")).replace(/\/edit$/, "");
  await page.goto(`${demo.base_url}${posting}/clips`);
  await page.click("[data-record]");
  await page.locator("[data-time]", { hasText: "0:02" }).waitFor();
  await page.click("[data-stop]");
  await page.locator("[data-heard]").waitFor();
  await page.fill("#words-voice", "欢迎来我们厂，包吃住，每月十五号发工资。");
  await host.isFit("clips-form-phone");
  await page.click("#voice form[enctype] button:not([type=button])");
  await page.locator("#voice audio[preload=none]").waitFor();
  await host.isFit("clips-phone");
  host.calm();

  const guest = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  const asked = [];
  guest.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await guest.page.goto(`${demo.base_url}${posting}`);
  const player = guest.page.locator("audio[preload=none]");
  await player.scrollIntoViewIfNeeded();
  await guest.isFit("clips-shown-phone");
  assert.ok(!asked.some((path) => /\/clips\/[0-9a-f-]{36}$/.test(path)), "nothing is loaded before somebody plays it");
  await player.evaluate((audio) => audio.play());
  await guest.page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 0.3);
  guest.calm();
  await Promise.all([host, guest].map((visitor) => visitor.leave()));
});
