// The recruiters' desk in browsers: the list by keys, several at once and undone, a thread between both sides, an offer accepted on a phone, all of it
// without scripts too.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, host, seeker, second, phone, list, application;

async function apply(visitor, posting) {
  await visitor.page.goto(`${demo.base_url}${posting}/apply`);
  await visitor.page.click("form[enctype] button.btn-primary");
  await visitor.page.waitForURL(/\/applications\/[0-9a-f-]{36}$/);
  return visitor.page.url();
}

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  host = await Visitor.enter(browser, { person: demo.person("recruiter"), bypassCSP: true });
  seeker = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
  second = await Visitor.enter(browser, { person: demo.person("seeker", 1) });
  await host.page.goto(`${demo.base_url}/interviews`);
  const employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  list = `${demo.base_url}/employers/${employer}/applications`;
  await seeker.page.goto(`${demo.base_url}/employers/${employer}`);
  const posting = await seeker.page.locator(".posting-card a.stretch").first().getAttribute("href");
  application = await apply(seeker, posting);
  await apply(second, posting);
  phone = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("keys walk through the list, pick and open", async () => {
  await host.page.goto(list);
  await host.page.locator("#picked-count").waitFor({ state: "attached" });
  await host.isFit("desk-list-desk");
  await host.page.locator("h1").click();
  await host.page.keyboard.press("j");
  await host.page.keyboard.press("x");
  await host.page.keyboard.press("j");
  await host.page.keyboard.press("x");
  await host.page.locator("#picked-count", { hasText: "已选 2 人" }).waitFor();
  await host.isFit("desk-picked-desk");
  await host.page.keyboard.press("k");
  await host.page.keyboard.press("x");
  await host.page.locator("#picked-count", { hasText: "已选 1 人" }).waitFor();
  await host.page.keyboard.press("Enter");
  await host.page.waitForURL(/\/applications\/[0-9a-f-]{36}$/);
  await host.page.locator("#notes").waitFor();
});

test("several go to a stage together and back again", async () => {
  await host.page.goto(list);
  await host.page.check("#pick-all");
  await host.page.click("#bulk-move");
  await host.page.selectOption("#to", "shortlisted");
  await host.isFit("desk-move-desk");
  await host.page.click("#do-move");
  await host.page.locator("#told", { hasText: "已更改 2 人的状态" }).waitFor();
  assert.equal(await host.page.locator(".desk-row .badge", { hasText: "初选通过" }).count(), 2);
  await host.isFit("desk-moved-desk");
  await host.page.click("#undo");
  await host.page.locator("[data-flash]", { hasText: "已撤销" }).waitFor();
  assert.equal(await host.page.locator(".desk-row .badge", { hasText: "初选通过" }).count(), 0);
});

test("both sides write, and a ready text is filled in", async () => {
  await host.page.goto(application);
  await host.page.selectOption("#reply", { label: "已收到" });
  await host.page.waitForURL(/reply=/);
  assert.match(await host.page.inputValue("#text"), /您好，.+已收到您投递的/);
  await host.page.click("#write button");
  await host.page.locator(".said.ours", { hasText: "已收到您投递的" }).waitFor();
  await host.isFit("desk-one-desk");
  await phone.page.goto(`${demo.base_url}/me`);
  await phone.page.locator("#applications .count", { hasText: "1" }).waitFor();
  await phone.page.goto(application);
  await phone.page.locator(".said.fresh").waitFor();
  await phone.isFit("desk-thread-phone");
  await phone.page.fill("#text", "谢谢，我随时可以面试");
  await phone.page.click("#write button");
  await phone.page.locator(".said.ours", { hasText: "随时可以面试" }).waitFor();
  await host.page.goto(list);
  await host.page.locator(".desk-row .count").waitFor();
  await host.page.goto(application);
  await host.page.locator(".said.fresh", { hasText: "随时可以面试" }).waitFor();
});

test("an offer is made, and accepted on a phone", async () => {
  await host.page.click("#make-offer");
  await host.page.fill("#bring", "身份证原件");
  await host.isFit("desk-offer-form-desk");
  await host.page.click("#send-offer");
  await host.page.locator("#offer[data-state=open]").waitFor();
  await host.isFit("desk-offer-desk");
  await phone.page.goto(application);
  await phone.page.click("#offer a");
  await phone.page.locator("#accept").waitFor();
  await phone.isFit("desk-offer-phone");
  await phone.page.click("#accept");
  await phone.page.locator("dialog[open] button[value=ok]").click();
  await phone.page.locator("#offer[data-state=accepted]").waitFor();
  await phone.page.locator("#print").waitFor();
  await phone.isFit("desk-accepted-phone");
  await host.page.goto(application);
  await host.page.locator(".badge-success", { hasText: "已录用" }).first().waitFor();
});

test("the list and its pages fit a phone", async () => {
  const recruiter = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter"), bypassCSP: true });
  await recruiter.page.goto(list);
  await recruiter.isFit("desk-list-phone");
  await recruiter.page.locator(".filters > summary").click();
  await recruiter.isFit("desk-filters-phone");
  await recruiter.page.goto(list);
  await recruiter.page.locator("input[name=application]").first().check();
  await recruiter.page.click("#bulk-move");
  await recruiter.isFit("desk-move-phone");
  await recruiter.page.goto(application);
  await recruiter.isFit("desk-one-phone");
  await recruiter.page.goto(list.replace("/applications", "/replies"));
  await recruiter.page.locator("details.disclosure summary").first().click();
  await recruiter.isFit("desk-templates-phone");
  await recruiter.page.goto(`${list}/exports`);
  const download = recruiter.page.waitForEvent("download");
  await recruiter.page.click("button[value=xlsx]");
  assert.match((await download).suggestedFilename(), /\.xlsx$/);
  assert.ok(await recruiter.page.locator("button[value=csv]").isEnabled(), "the page can be used again");
  await recruiter.isFit("desk-export-phone");
  recruiter.calm();
  await recruiter.leave();
});

test("without scripts several are moved and moved back, and a message is written", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter"), javaScriptEnabled: false });
  await plain.page.goto(list);
  await plain.page.locator("input[name=application]").first().check();
  await plain.page.locator("input[name=application]").nth(1).check();
  await plain.page.click("#bulk-move");
  await plain.page.selectOption("#to", "rejected");
  await plain.page.click("#do-move");
  // One of them is hired by now.
  await plain.page.locator("#told", { hasText: "请单独处理" }).waitFor();
  await plain.shot("desk-told-phone");
  await plain.page.click("#undo");
  await plain.page.locator("[data-flash]").waitFor();
  await plain.page.goto(application);
  await plain.page.fill("#text", "下周一见");
  await plain.page.click("#write button");
  await plain.page.locator(".said.ours", { hasText: "下周一见" }).waitFor();
  await plain.leave();
});

test("no page reported an error", () => {
  for (const each of [host, seeker, second, phone]) each.calm();
});
