// A recruiter writes the questions of a posting, rates an interview by keys while it saves itself, and decides; the candidate sees the status alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, host, seeker, posting, interview, application;

const path = (url) => new URL(url, demo.base_url).pathname;
const send = (visitor, to, options = {}) => visitor.context.request.post(`${demo.base_url}${to}`, { headers: { Origin: demo.base_url, Accept: "application/json" }, ...options });

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  host = await Visitor.enter(browser, { person: demo.person("recruiter"), bypassCSP: true });
  seeker = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
  await host.page.goto(`${demo.base_url}/interviews`);
  const employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  await seeker.page.goto(`${demo.base_url}/employers/${employer}`);
  posting = await seeker.page.locator(".posting-card a.stretch").first().getAttribute("href");
  await seeker.page.goto(`${demo.base_url}${posting}/apply`);
  await seeker.page.click("form[enctype] button.btn-primary");
  await seeker.page.waitForURL(/\/applications\//);
  application = seeker.page.url();
  await seeker.page.goto(`${demo.base_url}${posting}/interviews`);
  await seeker.page.locator("form[action*='/bookings'] button").first().click();
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  interview = path(seeker.page.url());
  // Both come, and the recruiter ends it.
  for (const side of [seeker, host]) assert.ok((await send(side, `${interview}/presence`, { data: { mic: true, camera: false } })).ok());
  assert.ok((await send(host, `${interview}/endings`)).status() < 400);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("questions are suggested, moved by buttons, flagged beside the field and saved", async () => {
  await host.page.goto(`${demo.base_url}${posting}`);
  await host.page.click("a[href$='/judging']");
  await host.page.click("a[href$='/judging/questions']");
  await host.isFit("judging-questions-desk");
  await host.page.fill("#zh-3", "您结婚了吗？打算什么时候要孩子？");
  await host.page.fill("#en-3", "");
  await host.page.click("button[value=up-2]");
  await host.page.locator("li:nth-child(2) .judging-flag", { hasText: "婚育" }).waitFor();
  await host.isFit("judging-questions-flagged-desk");
  await host.page.click("#save");
  await host.page.locator("[data-flash]").waitFor();
  assert.equal(await host.page.inputValue("#zh-2"), "您结婚了吗？打算什么时候要孩子？", "a hint blocks nothing");
  await host.page.fill("#zh-2", "能适应两班倒吗？");
  await host.page.press("#zh-2", "Enter");
  await host.page.locator(".judging-flag").waitFor({ state: "detached" });
  assert.equal(await host.page.inputValue("#zh-2"), "能适应两班倒吗？");
});

test("stars are given by keys, notes save themselves, and a reload loses nothing", async () => {
  await host.page.goto(`${demo.base_url}${interview}`);
  await host.page.locator("#judging-mark:not([hidden])").waitFor();
  await host.isFit("judging-interview-desk");
  await host.page.click("#to-judging");
  await host.page.locator("#waits").waitFor();
  const first = host.page.locator(".stars").first();
  await first.locator("[type=radio][value='1']").focus();
  for (let n = 0; n < 3; n++) await host.page.keyboard.press("ArrowRight");
  assert.ok(await first.locator("[type=radio][value='4']").isChecked());
  await host.page.locator(".stars").nth(1).locator("[type=radio][value='2']").check({ force: true });
  await host.page.locator(".stars").nth(2).locator("[type=radio][value='0']").check({ force: true });
  await host.page.fill("#notes", "手脚快。已婚，有孩子，怕不稳定");
  await host.page.locator("#saved", { hasText: "已自动保存" }).waitFor();
  await host.page.locator("#notes-flag:not([hidden])", { hasText: "婚育" }).waitFor();
  await host.isFit("judging-sheet-desk");
  await host.page.fill("#notes", "手脚快，会看图纸");
  await host.page.locator("#notes-flag").waitFor({ state: "hidden" });
  await host.page.reload();
  assert.equal(await host.page.inputValue("#notes"), "手脚快，会看图纸");
  assert.ok(await first.locator("[type=radio][value='4']").isChecked());
});

test("without a network it tries again, and another page is not written over", async () => {
  await host.context.setOffline(true);
  await host.page.fill("#notes", "手脚快，会看图纸，问过工资");
  await host.page.locator("#saved", { hasText: "还没有保存" }).waitFor();
  await host.context.setOffline(false);
  await host.page.locator("#saved", { hasText: "已自动保存" }).waitFor();
  const second = await host.context.newPage();
  await second.goto(host.page.url());
  await second.fill("#notes", "在另一页写的");
  await second.locator("#saved", { hasText: "已自动保存" }).waitFor();
  await second.close();
  await host.page.fill("#notes", "手脚快，会看图纸，期望月薪七千");
  await host.page.locator("#saved", { hasText: "别的页面" }).waitFor();
  await host.page.click("#save");
  await host.page.locator(".banner-warn[role=alert]", { hasText: "别的页面" }).waitFor();
  assert.equal(await host.page.inputValue("#notes"), "手脚快，会看图纸，期望月薪七千");
  await host.page.click("#save");
  await host.page.locator("[data-flash]").waitFor();
});

test("deciding needs a step, moves the application, and the candidate sees the status alone", async () => {
  await host.page.click("#decide");
  await host.page.locator(".field-error", { hasText: "请选择下一步" }).waitFor();
  await host.page.locator("input[name=next_step][value=pool]").check({ force: true });
  await host.page.click("#decide");
  await host.page.locator("#decided", { hasText: "列入备选" }).waitFor();
  await seeker.page.goto(application);
  await seeker.page.locator(".timeline", { hasText: "初选通过" }).waitFor();
  await seeker.page.goto(`${demo.base_url}${interview}`);
  const seen = await seeker.page.content();
  for (const secret of ["图纸", "judging", "评价"]) assert.ok(!seen.includes(secret), secret);
  assert.equal((await seeker.page.goto(`${demo.base_url}${interview}/judging`)).status(), 404);
  seeker.errors = seeker.errors.filter((error) => !/404/.test(error));
  await host.page.goto(`${demo.base_url}${posting}/judging`);
  await host.page.locator("tbody strong", { hasText: "3.0" }).waitFor();
  await host.page.locator("details summary", { hasText: "列入备选" }).click();
  await host.isFit("judging-overview-desk");
  const table = await host.context.request.get(`${demo.base_url}${posting}/judging/export`);
  assert.match(await table.text(), /列入备选.*期望月薪七千/);
});

for (const [way, preference] of Object.entries({ plain: {}, english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`the pages fit a phone and are accessible: ${way}`, async () => {
    const narrow = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter"), bypassCSP: true });
    await narrow.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    for (const [name, to] of [["sheet", `${interview}/judging`], ["overview", `${posting}/judging`], ["questions", `${posting}/judging/questions`], ["interview", interview]]) {
      await narrow.page.goto(`${demo.base_url}${to}`);
      await narrow.isFit(`judging-${name}-phone-${way}`);
      const low = await narrow.page.$$eval(".star, .chip, main .btn", (all) => all.filter((e) => e.offsetParent && !e.closest(".visually-hidden, .no-js")).map((e) => e.getBoundingClientRect()).filter((r) => r.height > 1 && r.height < 40).length);
      assert.equal(low, 0, `${name}: targets are tall enough`);
    }
    await narrow.page.goto(`${demo.base_url}${interview}/judging`);
    await narrow.page.evaluate(() => scrollTo(0, document.querySelector(".stars").offsetTop - 80));
    await narrow.shot(`judging-stars-phone-${way}`);
    narrow.calm();
    await narrow.leave();
  });
}

test("without JavaScript a sheet is saved and questions are edited", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter"), javaScriptEnabled: false });
  await plain.page.goto(`${demo.base_url}${interview}/judging`);
  await plain.page.locator(".stars").first().locator("[type=radio][value='5']").check({ force: true });
  await plain.page.fill("#notes", "没有脚本也能写");
  await plain.page.click("#save");
  await plain.page.locator("[data-flash]").waitFor();
  assert.equal(await plain.page.inputValue("#notes"), "没有脚本也能写");
  await plain.page.goto(`${demo.base_url}${posting}/judging/questions`);
  await plain.page.click("button[value=add]");
  await plain.page.fill("#zh-4", "什么时候能到岗？");
  await plain.page.click("#save");
  await plain.page.locator("[data-flash]").waitFor();
  assert.equal(await plain.page.inputValue("#zh-4"), "什么时候能到岗？");
  await plain.leave();
});

test("no page reported an error", async () => {
  const excused = /Failed to load resource|ERR_/;
  for (const visitor of [host, seeker]) {
    visitor.errors = visitor.errors.filter((error) => !excused.test(error));
    visitor.calm();
  }
});
