// A message is held, looked at by keys and let through; another is rejected; a third is reported.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, room, guest, seeker, organiser, desk;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  room = demo.freeBooth().room;
  guest = await Visitor.enter(browser, PHONE);
  seeker = await Visitor.enter(browser, { person: demo.person("seeker") });
  organiser = await Visitor.enter(browser, { person: demo.person("organiser") });
  desk = `${demo.fair.url}/review/messages`;
  await Promise.all([guest.page.goto(room.url), seeker.page.goto(room.url), organiser.page.goto(desk)]);
  await guest.page.fill("[data-chat-name] input[name=name]", "小李");
  await guest.page.press("[data-chat-name] input[name=name]", "Enter");
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("who asks for a deposit sees that it waits, and nobody else sees it", async () => {
  await guest.says("入职要交押金200元");
  await guest.page.locator(".msg[data-state=held] .msg-note").waitFor();
  await guest.says("几点上班？");
  await seeker.hears("几点上班？");
  assert.equal(await seeker.line("押金200").count(), 0);
  await guest.shot("review-held-phone");
  await guest.page.reload();
  await guest.page.locator(".msg[data-state=held]", { hasText: "押金200" }).waitFor();
});

test("the desk takes keys: let through, reject, undo", async () => {
  await guest.says("加微信 hr20277 详聊");
  await guest.page.locator(".msg[data-state=held]").nth(1).waitFor();
  await organiser.page.goto(desk);
  assert.equal(await organiser.page.locator("[data-case]").count(), 2);
  await organiser.shot("review-desk");
  await organiser.page.keyboard.press("a");
  await seeker.hears("入职要交押金200元");
  await guest.page.locator(".msg[data-seq]", { hasText: "押金200" }).waitFor();
  await organiser.page.keyboard.press("d");
  await guest.page.locator(".msg[data-state=rejected]", { hasText: "hr20277" }).waitFor();
  await guest.shot("review-rejected-phone");
  await organiser.page.locator("[data-none]:not([hidden])").waitFor();
  await organiser.page.keyboard.press("u");
  await organiser.page.locator("[data-case]", { hasText: "hr20277" }).waitFor();
  assert.equal(await seeker.line("hr20277").count(), 0);
  organiser.calm();
});

test("a message is reported in a dialog and comes to the desk by itself", async () => {
  await guest.says("招的都是骗人的，大家快走");
  const line = seeker.line("大家快走");
  await line.waitFor();
  await line.locator(".msg-actions").click();
  await seeker.page.locator("dialog[open] button", { hasText: "举报" }).click();
  await seeker.shot("review-report");
  await seeker.page.locator("dialog[open] button").nth(1).click();
  await organiser.page.locator("[data-case]", { hasText: "大家快走" }).waitFor();
  assert.equal(await guest.line("大家快走").locator("[data-report]").count(), 0, "one's own message cannot be reported");
  await seeker.page.setViewportSize({ width: 360, height: 780 });
  await seeker.page.goto(await line.locator(".msg-actions").getAttribute("href").then((href) => new URL(href, demo.base_url).href));
  await seeker.shot("review-report-page-phone");
});

test("words: a refused one gives the message back, a number is covered", async () => {
  await organiser.page.goto(`${demo.fair.url}/words`);
  await organiser.page.fill("#word", "传销");
  await organiser.page.click("button[value=refuse]");
  await organiser.page.fill("#try", "电话13812341234，押金300");
  await organiser.page.locator("form[action*='#trial'] button").click();
  await organiser.page.getByText("138****1234").waitFor();
  await organiser.shot("review-words");
  await organiser.page.setViewportSize({ width: 360, height: 780 });
  await organiser.shot("review-words-phone");
  await guest.says("是不是传.销");
  await until(async () => (await guest.page.inputValue("[data-chat-composer] textarea")) === "是不是传.销", "the text is given back");
  await guest.page.fill("[data-chat-composer] textarea", "");
  await guest.says("我的电话138 1234 1234");
  await seeker.page.goto(room.url);
  await seeker.hears("138 **** 1234");
  await organiser.page.goto(desk);
  await organiser.shot("review-desk-phone");
  const width = await organiser.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 360, `the desk fits a phone: ${width}`);
  for (const visitor of [guest, seeker, organiser]) visitor.calm();
});
