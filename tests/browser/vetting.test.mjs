// Employers that can be trusted, in real browsers: papers from the form to the approval, a colleague invited and removed, a small change that is live at
// once and a risky one that waits with its difference shown. With scripts and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

const LICENCE = fileURLToPath(new URL("../../src/demo/licence.jpg", import.meta.url));
let demo, browser, organiser;

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** The nth recruiter, and the path of their employer. */
async function recruiter(n, options = {}) {
  const visitor = await Visitor.enter(browser, { person: demo.person("recruiter", n), bypassCSP: true, ...options });
  await visitor.page.goto(`${demo.base_url}/`);
  visitor.employer = await visitor.page.locator("a[href^='/employers/']").first().getAttribute("href");
  return visitor;
}

const flash = (visitor, text) => visitor.page.locator("[data-flash], .toast, .flash", { hasText: text }).first().waitFor();

test("an employer hands in its papers on a phone and is verified", async () => {
  const host = await recruiter(7, PHONE);
  await host.page.goto(`${demo.base_url}${host.employer}/verification`);
  await host.page.locator(".badge", { hasText: "认证审核中" }).waitFor();
  await host.page.fill("#credit_code", "91440300192203821");
  await host.page.click("button[value=submit]");
  await host.page.locator("#credit_code-error", { hasText: "18 位" }).waitFor();
  await host.isFit("vetting-form-phone");
  await host.page.fill("#credit_code", "914403001922038216");
  await host.page.setInputFiles("#paper_licence", LICENCE);
  await host.page.click("button[value=submit]");
  await flash(host, "已提交");

  await organiser.page.goto(`${demo.fair.url}/verifications`);
  await organiser.isFit("vetting-desk-desk");
  await organiser.page.locator("li", { has: organiser.page.locator(".badge", { hasText: "待审核" }) }).locator("a").first().click();
  await organiser.page.locator("img.vetting-paper").first().waitFor();
  await organiser.page.waitForFunction(() => document.querySelector("img.vetting-paper")?.naturalWidth > 100);
  await organiser.isFit("vetting-review-desk");
  await organiser.page.click("button[value=approve]");
  await flash(organiser, "已通过认证");
  await host.page.goto(`${demo.base_url}${host.employer}`);
  await host.page.locator("summary", { hasText: "已认证" }).click();
  await host.isFit("vetting-public-phone");
  // A form that was refused is an answer of 422, which browsers report.
  host.errors = host.errors.filter((error) => !error.includes("422"));
  host.calm();
  await host.leave();
});

test("a colleague joins by a link that is good once, and is removed", async () => {
  const host = await recruiter(0);
  const seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  await host.page.goto(`${demo.base_url}${host.employer}/members`);
  await host.isFit("vetting-members-desk");
  await host.page.click("button[value=link]");
  const link = await host.page.locator("#link").inputValue();
  await seeker.page.goto(link);
  await seeker.isFit("vetting-join-phone");
  await seeker.page.click("main form[action*='/join/'] button");
  await seeker.page.waitForURL(/\/employers\/[0-9a-f-]{36}\/postings$/);
  await host.page.goto(`${demo.base_url}${host.employer}/members`);
  await host.page.locator("li", { hasText: demo.person("seeker").name }).locator("button").click();
  await host.page.locator("dialog[open] button[value=ok]").click();
  await flash(host, "已移出");
  const gone = await seeker.page.goto(`${demo.base_url}${host.employer}/postings`);
  assert.equal(gone.status(), 404);
  host.calm();
  await Promise.all([host, seeker].map((visitor) => visitor.leave()));
});

for (const scripts of [true, false]) {
  test(`a small change is live at once and a risky one waits, ${scripts ? "with" : "without"} scripts`, async () => {
    const host = await recruiter(scripts ? 1 : 2, { ...PHONE, javaScriptEnabled: scripts });
    await host.page.goto(`${demo.base_url}${host.employer}/postings`);
    const path = await host.page.locator("a[href$='/edit']").first().getAttribute("href");
    const posting = path.replace(/\/edit$/, "");
    await host.page.goto(`${demo.base_url}${path}`);
    await host.page.fill("#headcount", "77");
    await host.page.click("button[value=review]");
    await flash(host, "马上生效");
    const title = await host.page.locator("h1").innerText();
    await host.page.goto(`${demo.base_url}${path}`);
    await host.page.fill("#pay_min", "3000");
    await host.page.fill("#pay_max", "3100");
    await host.page.selectOption("#pay_unit", "month");
    const about = await host.page.inputValue("#about_zh");
    await host.page.fill("#about_zh", `${about}押金200元。`);
    await host.page.click("button[value=review]");
    await host.page.locator("#about_zh-error", { hasText: "押金" }).waitFor();
    if (scripts) await host.isFit("vetting-doubted-phone");
    await host.page.fill("#about_zh", about);
    await host.page.click("button[value=review]");
    await flash(host, "已提交");
    await organiser.page.goto(`${demo.fair.url}/review`);
    const waiting = organiser.page.locator(`[data-waiting='${posting.split("/").pop()}']`);
    await waiting.locator("del").first().waitFor();
    assert.match(await waiting.innerText(), /工资有变化/);
    assert.ok((await waiting.innerText()).includes(title));
    if (scripts) {
      await organiser.isFit("vetting-waiting-desk");
      await host.page.goto(`${demo.base_url}${posting}/versions`);
      await host.isFit("vetting-versions-phone");
    }
    await waiting.locator("input[name=pick]").check();
    await organiser.page.click("#approve button");
    await flash(organiser, "已通过 1 个岗位");
    await host.leave();
  });
}
