// Plans: a recruiter says when, on a phone, with and without scripts; what is wrong stands beside it; organisers set the frame.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, host, employer, colleague;

const path = (url) => new URL(url, demo.base_url).pathname;
const plans = (more = "") => `${demo.base_url}/employers/${employer}/plans${more}`;
const total = async (page) => Number((await page.locator("#preview-total").innerText()).match(/\d+ 个/)?.[0].split(" ")[0]);

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  // The one booth of the demo with two recruiters.
  colleague = demo.people.find(({ name }) => name === "刘芳");
  host = await Visitor.enter(browser, { person: colleague, bypassCSP: true });
  await host.page.goto(`${demo.base_url}/interviews`);
  employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a working week is suggested, changed by buttons, and its slots follow what is typed", async () => {
  const { page } = host;
  await page.goto(plans());
  await host.isFit("plans-empty-desk");
  await page.click("a[href$='/plans/new']");
  await page.locator("#preview-total").waitFor();
  await host.isFit("plan-new-desk");
  const first = await total(page);
  assert.ok(first > 0);
  const saturday = page.locator(".plan-day[data-day='6']");
  await saturday.locator("[data-add]").click();
  await until(async () => (await total(page)) > first, "the preview follows");
  const more = await total(page);
  await page.locator(".plan-day[data-day='1'] .plan-range:not([data-spare]) [data-remove]").last().click();
  await until(async () => (await total(page)) < more, "the preview follows again");
  await page.locator(".plan-day[data-day='1'] [data-copy-day]").click();
  for (const day of [2, 3, 4, 5]) assert.equal(await page.locator(`.plan-day[data-day='${day}'] .plan-range:not([data-spare])`).count(), 1);
  await page.fill("#title", "技术岗初试");
  assert.ok(await page.locator("[name=mode][value=one]").isChecked());
  await page.locator("label.chip", { hasText: "轮流面试" }).click();
  await page.locator("label.chip", { hasText: "李军" }).click();
  await page.locator(".plan-who:visible").first().waitFor();
  await page.locator("#add-exception").click();
  const soon = new Date(Date.now() + 7 * 86_400_000).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });
  await page.locator("[name=except_day]:visible").fill(soon);
  await host.isFit("plan-typed-desk");
  await page.click("#save");
  await page.locator(".plan-card", { hasText: "技术岗初试" }).waitFor();
  await page.locator(".plan-summary", { hasText: "周一–周六 09:00–12:00" }).waitFor();
  await host.isFit("plans-desk");
});

test("what is wrong stands beside its field, and nothing typed is lost", async () => {
  const { page } = host;
  await page.locator(".plan-card a", { hasText: "修改" }).first().click();
  await page.locator("#plan").waitFor();
  await page.fill("#title", "技术岗二轮");
  await page.locator(".plan-day[data-day='1'] [name=to]:visible").first().fill("08:00");
  await page.evaluate(() => (document.querySelector("#plan").noValidate = true));
  await page.click("#save");
  await page.locator("#hours-error", { hasText: "结束时间要晚于开始时间" }).waitFor();
  assert.equal(await page.inputValue("#title"), "技术岗二轮");
  assert.equal(await page.locator(".plan-day[data-day='1'] [aria-invalid]").count(), 2);
  await host.isFit("plan-wrong-desk");
  await page.locator(".plan-day[data-day='1'] [name=to]:visible").first().fill("12:00");
  await page.click("#save");
  await page.locator(".plan-card", { hasText: "技术岗二轮" }).waitFor();
});

test("organisers set the hours of the fair, and plans keep within them", async () => {
  const organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
  const { page } = organiser;
  await page.goto(`${demo.base_url}${path(demo.fair.url)}/interviews`);
  await page.click("a[href$='/interviews/frame']");
  await organiser.isFit("frame-desk");
  const day = page.locator(".plan-day").nth(1);
  await day.locator("[name=from]").first().fill("09:00");
  await day.locator("[name=to]").first().fill("10:00");
  await day.locator("[data-copy-frame]").click();
  assert.equal(await page.locator(".plan-day").last().locator("[name=from]").first().inputValue(), "09:00");
  await page.click("#save");
  await page.locator("[data-flash]").waitFor();
  await host.page.goto(plans("/new"));
  const times = await host.page.locator("#preview .plan-times time").allInnerTexts();
  assert.ok(times.length > 0 && times.every((time) => time.startsWith("09:")), times.join());
  // Empty again: no limit.
  for (const input of await page.locator("#frame input[type=time]").all()) await input.fill("");
  await page.click("#save");
  await page.locator("[data-flash]").waitFor();
  organiser.calm();
  await organiser.leave();
});

for (const [way, preference] of Object.entries({ plain: {}, english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`the pages fit a phone and are accessible: ${way}`, async () => {
    const narrow = await Visitor.enter(browser, { ...PHONE, person: colleague, bypassCSP: true });
    await narrow.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    await narrow.page.goto(plans());
    await narrow.isFit(`plans-phone-${way}`);
    await narrow.page.goto(plans("/new"));
    await narrow.isFit(`plan-phone-${way}`);
    await narrow.page.locator(".plan-week").scrollIntoViewIfNeeded();
    await narrow.page.evaluate(() => scrollTo(0, document.querySelector("#plan-hours").getBoundingClientRect().top + scrollY - 60));
    await narrow.shot(`plan-hours-phone-${way}`);
    const low = await narrow.page.$$eval("main .btn, main .chip, main input:not([type=hidden]):not([type=radio]):not([type=checkbox]), main select", (all) => all.filter((e) => e.offsetParent && !e.closest(".visually-hidden, .no-js")).map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect().height]).filter(([, h]) => h > 1 && h < 40));
    assert.deepEqual(low, [], "targets are tall enough");
    narrow.calm();
    await narrow.leave();
  });
}

test("without scripts a plan is previewed, made and stopped", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, person: colleague, javaScriptEnabled: false });
  const { page } = plain;
  await page.goto(plans("/new"));
  await page.fill("#title", "没有脚本");
  await page.locator(".plan-day[data-day='7'] [name=from]").last().fill("10:00");
  await page.locator(".plan-day[data-day='7'] [name=to]").last().fill("11:00");
  await page.click("#look");
  await page.locator("#preview", { hasText: "周日" }).waitFor();
  assert.equal(await page.inputValue("#title"), "没有脚本");
  await page.click("#save");
  await page.locator(".plan-card", { hasText: "没有脚本" }).locator("form button").click();
  await page.locator("[data-flash]").waitFor();
  assert.equal(await page.locator(".plan-card", { hasText: "没有脚本" }).count(), 0);
  await plain.leave();
});

test("no page reported an error", () => {
  host.errors = host.errors.filter((error) => !/422/.test(error));
  host.calm();
});
