// A talk in real browsers: answers, names, links, emoji, quick answers, what is unread, hosts only, who is typing, reading aloud. On a phone
// and at a desk, with the keyboard alone, and without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, room, host, phone, other;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth(1);
  room = booth.room.url;
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  phone = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  other = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
  for (const visitor of [host, phone, other]) {
    await visitor.page.goto(room);
    await visitor.page.locator("[data-chat][data-state=open]").waitFor();
  }
  await phone.page.fill("[data-chat-name] input[name=name]", "老张");
  await phone.page.press("[data-chat-name] input[name=name]", "Enter");
  await phone.page.locator("[data-chat-composer]:not([hidden])").waitFor();
});
after(async () => {
  await browser.close();
  await demo.stop();
});

const text = (visitor) => visitor.page.locator("[data-chat-composer] textarea");
const list = (visitor) => visitor.page.locator("[data-chat-list]");

test("a host answers a question, and the quote leads to it", async () => {
  await phone.says("夫妻能住一间吗？");
  await host.hears("夫妻能住一间吗？");
  await host.line("夫妻能住一间吗？").hover();
  await host.line("夫妻能住一间吗？").locator(".msg-reply").click();
  await host.page.locator("[data-chat-reply]:not([hidden])", { hasText: "老张" }).waitFor();
  await host.isFit("talk-replying-desk");
  await host.says("可以，有夫妻房");
  const answer = phone.page.locator(".msg-host", { hasText: "可以，有夫妻房" });
  await answer.locator(".msg-quote", { hasText: "夫妻能住一间吗？" }).waitFor();
  assert.ok(await answer.evaluate((line) => line.classList.contains("msg-for-you")), "who is answered sees it");
  await phone.isFit("talk-answered-phone");
  await answer.locator(".msg-quote").click();
  await phone.page.locator(".msg-found", { hasText: "老张" }).waitFor();
});

test("a long way back the original is fetched", async () => {
  // What a browser says is limited; a program says as much as is needed.
  for (let n = 0; n < 14; n += 1) await host.says(`招聘信息第 ${n + 1} 条`);
  await host.hears("招聘信息第 14 条");
  const late = await Visitor.enter(browser, { ...PHONE });
  await late.page.goto(`${room.replace(/$/, "")}/chat`);
  await late.page.locator("[data-chat][data-state=open]").waitFor();
  // The page forgets its older lines, as it does after a day.
  await late.page.evaluate(() => document.querySelectorAll("[data-chat-list] .msg[data-seq]").forEach((line) => !line.textContent.includes("可以，有夫妻房") && line.remove()));
  await late.page.locator(".msg-host .msg-quote", { hasText: "夫妻能住一间吗？" }).click();
  await late.page.locator(".msg-found", { hasText: "夫妻能住一间吗？" }).waitFor();
  late.calm();
  await late.leave();
});

test("from the menu of a message on a phone one answers, copies, reports", async () => {
  await phone.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const line = phone.page.locator(".msg-host", { hasText: "招聘信息第 3 条" }).first();
  await line.locator(".msg-actions").click();
  await phone.page.locator("dialog[open]").waitFor();
  await phone.isFit("talk-menu-phone");
  await phone.page.locator("dialog[open] button", { hasText: "复制" }).click();
  await phone.page.locator(".toast", { hasText: "已复制" }).waitFor();
  assert.equal(await phone.page.evaluate(() => navigator.clipboard.readText()), "招聘信息第 3 条");
  await line.locator(".msg-actions").click();
  await phone.page.locator("dialog[open] button", { hasText: "回复" }).click();
  await phone.page.locator("[data-chat-reply]:not([hidden])").waitFor();
  await until(() => text(phone).evaluate((field) => field === document.activeElement), "one writes at once");
  await phone.shot("talk-replying-phone");
  await phone.page.locator("[data-chat-reply] a").click();
  assert.equal(await phone.page.locator("[data-chat-reply]").isVisible(), false);
  await phone.page.locator(".msg-own", { hasText: "夫妻能住一间吗？" }).locator(".msg-actions").click();
  await phone.page.locator("dialog[open] h2", { hasText: "我的消息" }).waitFor();
  assert.equal(await phone.page.locator("dialog[open] button", { hasText: "举报" }).count(), 0, "nobody reports oneself");
  await phone.page.keyboard.press("Escape");
});

test("what is deleted is gone from quotes, in pages that are open and in new ones", async () => {
  await other.says("招人的都是骗子黑心");
  await phone.hears("骗子黑心");
  await phone.page.locator(".msg", { hasText: "骗子黑心" }).locator(".msg-actions").click();
  await phone.page.locator("dialog[open] button", { hasText: "回复" }).click();
  await phone.says("别乱说话");
  await other.page.locator(".msg", { hasText: "别乱说话" }).locator(".msg-quote", { hasText: "骗子黑心" }).waitFor();
  await host.page.locator(".msg", { hasText: "骗子黑心" }).first().locator(".msg-actions").click();
  await host.page.locator("dialog[open] button", { hasText: "删除" }).first().click();
  for (const visitor of [phone, other, host]) await until(async () => !(await list(visitor).textContent()).includes("黑心"), "the words are gone");
  const fresh = await Visitor.enter(browser);
  await fresh.page.goto(room);
  await fresh.hears("别乱说话");
  assert.ok(!(await fresh.page.content()).includes("黑心"));
  await fresh.leave();
  const undone = await host.page.evaluate(async () => {
    const seq = document.querySelector(".msg-deleted[data-seq]")?.dataset.seq;
    return (await fetch(`${location.pathname}/deletions/${seq}`, { method: "DELETE" })).status;
  });
  assert.equal(undone, 204);
  await other.page.locator(".msg", { hasText: "别乱说话" }).locator(".msg-quote", { hasText: "骗子黑心" }).waitFor();
});

test("names are completed with the keyboard, and who is named is told", async () => {
  await text(host).focus();
  await host.page.keyboard.type("@老");
  await host.page.locator(".suggest [role=option]", { hasText: "老张" }).waitFor();
  await host.isFit("talk-names-desk");
  await host.page.keyboard.press("Escape");
  assert.equal(await host.page.locator(".suggest").count(), 0);
  await host.page.keyboard.press("Backspace");
  await host.page.locator(".suggest [role=option]").first().waitFor();
  await host.page.keyboard.type("老");
  await host.page.locator(".suggest [role=option]", { hasText: "老张" }).waitFor();
  await host.page.keyboard.press("Enter");
  assert.equal(await text(host).inputValue(), "@老张 ");
  // On the phone the jobs are in front, so nobody sees the chat.
  await phone.page.click("#tab-postings");
  await host.page.keyboard.type("下午来面谈");
  await host.page.keyboard.press("Enter");
  await phone.page.locator(".toast", { hasText: "提到了您" }).waitFor();
  await phone.page.locator("#tab-chat .count:not([hidden])", { hasText: "1" }).waitFor();
  await phone.shot("talk-called-phone");
  await phone.page.locator(".toast button", { hasText: "去看看" }).click();
  await phone.page.locator(".msg-for-you .mention-own", { hasText: "@老张" }).waitFor();
  await phone.page.locator("[data-chat-unread]").waitFor();
  await until(() => phone.page.locator("[data-chat-mention]").isHidden(), "the mark goes when the line is seen");
  await phone.isFit("talk-named-phone");
});

test("who reads further up sees how much is new, and what was said to them", async () => {
  await list(phone).evaluate((box) => (box.scrollTop = 0));
  await phone.page.locator("[data-chat-new]:not([hidden])", { hasText: "回到最新" }).waitFor();
  await host.says("还有两个名额");
  await host.says("@老张 请带身份证");
  await phone.page.locator("[data-chat-new]", { hasText: "2 条新消息" }).waitFor();
  await phone.page.locator("[data-chat-mention]:not([hidden])").waitFor();
  assert.equal(await phone.page.locator(".toast", { hasText: "提到了您" }).count(), 0, "the way is there already");
  await phone.isFit("talk-unread-phone");
  await phone.page.locator("[data-chat-mention]").click();
  await phone.page.locator(".msg-found", { hasText: "请带身份证" }).waitFor();
  await until(() => phone.page.locator("[data-chat-mention]").isHidden(), "seen");
  await phone.page.reload();
  await phone.page.locator("[data-chat][data-state=open]").waitFor();
  assert.equal(await phone.page.locator("[data-chat-unread]").count(), 0, "what was seen is not new after a reload");
  await phone.page.goto("about:blank");
  await host.says("今天最后一场");
  await phone.page.goto(room);
  await phone.page.locator("[data-chat-unread] + .msg", { hasText: "今天最后一场" }).waitFor();
  await phone.shot("talk-missed-phone");
});

test("answers only: the talk of visitors goes, what is answered stays, and the choice is kept", async () => {
  await other.says("有没有老乡");
  await phone.hears("有没有老乡");
  await other.page.locator("[data-chat-only] button").click();
  await phone.page.locator("[data-chat-only] button").click();
  await phone.page.locator("[data-chat-left-out]", { hasText: "隐藏了" }).waitFor();
  assert.equal(await phone.line("有没有老乡").isVisible(), false);
  assert.equal(await other.line("有没有老乡").isVisible(), true, "one's own words stay");
  await other.page.locator(".msg", { hasText: "夫妻能住一间吗？" }).first().waitFor();
  await phone.isFit("talk-only-phone");
  await phone.page.reload();
  await phone.page.locator("[data-chat-only] button[aria-pressed=true]").waitFor();
  assert.equal(await phone.line("有没有老乡").isVisible(), false);
  for (const visitor of [phone, other]) await visitor.page.locator("[data-chat-only] button").click();
  assert.equal(await phone.line("有没有老乡").isVisible(), true);
});

test("emoji by finger and by keyboard", async () => {
  await phone.page.locator("[data-chat-emoji]").click();
  await phone.isFit("talk-emoji-phone");
  await phone.page.locator("[data-emoji='👍']").click();
  assert.equal(await text(phone).inputValue(), "👍");
  await text(phone).press("Enter");
  await host.page.locator(".msg-emoji", { hasText: "👍" }).waitFor();
  await host.page.locator("[data-chat-emoji]").focus();
  await host.page.keyboard.press("Enter");
  await host.page.locator(".emoji").waitFor();
  await host.page.keyboard.press("ArrowRight");
  await host.page.keyboard.press("ArrowDown");
  await host.page.keyboard.press("Enter");
  await host.shot("talk-emoji-desk");
  await host.page.keyboard.press("Escape");
  assert.equal(await host.page.locator(".emoji").count(), 0);
  assert.notEqual(await text(host).inputValue(), "");
  assert.ok(await text(host).evaluate((field) => field === document.activeElement));
  await text(host).fill("");
});

test("recruiters keep quick answers and find them by a key", async () => {
  await host.page.goto(`${room}/quick-answers`);
  await host.isFit("talk-answers-none-desk");
  for (const answer of ["包吃包住，四人间，有空调", "早八点到晚五点，周末双休", "每月十五号发工资"]) {
    await host.page.fill("#text", answer);
    await host.page.locator("form .form-actions button").first().click();
    await host.page.locator(".list li", { hasText: answer }).waitFor();
  }
  await host.page.fill("#text", "每月十五号发工资");
  await host.page.locator("form .form-actions button").first().click();
  await host.page.locator(".field-error", { hasText: "已经有一样的" }).waitFor();
  assert.equal(await host.page.inputValue("#text"), "每月十五号发工资");
  await host.isFit("talk-answers-desk");
  const narrow = await Visitor.enter(browser, { ...PHONE, person: demo.freeBooth(1).host, bypassCSP: true });
  await narrow.page.goto(`${room}/quick-answers`);
  await narrow.page.locator(".answer-edit summary").nth(1).click();
  await narrow.isFit("talk-answers-phone");
  await narrow.page.goto(room);
  await narrow.page.locator("[data-chat-answers]").click();
  await narrow.page.locator(".suggest [role=option]").nth(2).waitFor();
  await narrow.isFit("talk-pick-answer-phone");
  await narrow.leave();
  await host.page.goto(room);
  await host.page.locator("[data-chat][data-state=open]").waitFor();
  await text(host).focus();
  await host.page.keyboard.type("/");
  await host.page.locator(".suggest [role=option]").nth(2).waitFor();
  await host.page.keyboard.type("工资");
  await until(async () => (await host.page.locator(".suggest [role=option]").count()) === 1, "one fits");
  await host.isFit("talk-pick-answer-desk");
  await host.page.keyboard.press("Enter");
  assert.equal(await text(host).inputValue(), "每月十五号发工资");
  await host.page.keyboard.press("Enter");
  await phone.hears("每月十五号发工资");
  assert.equal(await phone.page.locator("[data-chat-answers]").count(), 0, "visitors have none");
});

test("links of hosts lead somewhere, those of visitors are text, and no text is markup", async () => {
  const organiser = await Visitor.enter(browser, { person: demo.person("organiser") });
  await organiser.page.goto(room);
  await organiser.says("政策见 https://Jobs.gov.example/2027?a=1。<b>点开</b>看");
  const link = phone.page.locator(".msg-text a", { hasText: "jobs.gov.example/2027?a=1" });
  await link.waitFor();
  assert.deepEqual(await link.evaluate((a) => [a.href, a.target, a.rel]), ["https://jobs.gov.example/2027?a=1", "_blank", "noopener noreferrer nofollow ugc"]);
  assert.equal(await phone.page.locator(".msg-text b").count(), 0);
  await phone.shot("talk-link-phone");
  organiser.calm();
  await organiser.leave();
});

test("others see that somebody is typing, and nobody sees oneself", async () => {
  await text(phone).pressSequentially("请问一下");
  await host.page.locator("[data-chat-typing]:not([hidden])", { hasText: "1 人正在输入" }).waitFor();
  await host.shot("talk-typing-desk");
  await other.page.locator("[data-chat-typing]:not([hidden])").waitFor();
  assert.equal(await phone.page.locator("[data-chat-typing]").isVisible(), false);
  await text(phone).press("Enter");
  await until(() => host.page.locator("[data-chat-typing]").isHidden(), "who has written types no more");
});

test("who has sent before the page can tell that they type is not said to type", async () => {
  const slow = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
  const told = [];
  slow.page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => told.push(JSON.parse(String(payload)).type)));
  let pass;
  const passed = new Promise((resolve) => (pass = resolve));
  await slow.page.route("**/chat/typing.js*", async (route) => (await passed, route.continue()));
  await slow.page.goto(room);
  await slow.page.locator("[data-chat][data-state=open]").waitFor();
  const loaded = slow.page.waitForResponse("**/chat/typing.js*");
  await slow.says("网慢也要说");
  await slow.page.locator(".msg[data-seq]", { hasText: "网慢也要说" }).waitFor();
  pass();
  const address = (await loaded).url();
  await slow.page.evaluate((address) => import(address), address);
  assert.deepEqual(told.filter((type) => type === "send" || type === "typing"), ["send"]);
  await text(slow).pressSequentially("还有");
  await until(() => told.at(-1) === "typing", "what is typed now is told");
  await slow.leave();
});

test("new messages of hosts are read aloud where the device can, and only when wanted", async () => {
  const listener = await Visitor.enter(browser, { ...PHONE });
  await listener.page.addInitScript(() => {
    globalThis.spoken = [];
    const speech = { getVoices: () => [{ lang: "en-US" }, { lang: "zh-CN", name: "中文" }], speak: (u) => (globalThis.spoken.push([u.text, u.lang]), setTimeout(() => u.onend?.(), 50)), cancel: () => globalThis.spoken.push("cancel") };
    Object.defineProperty(globalThis, "speechSynthesis", { value: speech });
    globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  });
  await listener.page.goto(room);
  await listener.page.locator("[data-chat][data-state=open]").waitFor();
  await host.says("先不读这句");
  await listener.hears("先不读这句");
  await listener.page.locator("[data-chat-aloud]").click();
  await listener.page.locator("[data-chat-aloud][aria-pressed=true]").waitFor();
  await host.says("现在读这句");
  await other.says("访客的不读");
  await listener.hears("访客的不读");
  await until(async () => (await listener.page.evaluate(() => globalThis.spoken.length)) === 2, "that it is on, and one message");
  const [, [words, language]] = await listener.page.evaluate(() => globalThis.spoken);
  assert.ok(words.includes("现在读这句") && language === "zh-CN", words);
  await listener.page.locator("[data-chat-aloud]").click();
  await until(() => listener.page.evaluate(() => globalThis.spoken.at(-1) === "cancel"), "it stops");
  listener.calm();
  await listener.leave();
  const mute = await Visitor.enter(browser, { ...PHONE });
  await mute.page.addInitScript(() => delete globalThis.speechSynthesis);
  await mute.page.goto(`${room}/chat`);
  await mute.page.locator("[data-chat][data-state=open]").waitFor();
  assert.equal(await mute.page.locator("[data-chat-aloud]").isVisible(), false);
  await mute.leave();
});

test("a message that cannot be sent says so, and is sent again by a tap", async () => {
  const page = other.page;
  await page.evaluate(() => {
    const { send } = WebSocket.prototype;
    globalThis.mend = () => (WebSocket.prototype.send = send);
    WebSocket.prototype.send = function (frame) {
      const { type, client_id } = JSON.parse(frame);
      if (type === "send") this.onmessage({ data: JSON.stringify({ type: "error", client_id, code: "refused" }) });
      else send.call(this, frame);
    };
  });
  await other.says("这条先发不出去");
  await page.locator(".msg[data-state=failed] .msg-retry").waitFor();
  await other.shot("talk-failed-desk");
  await page.evaluate(() => globalThis.mend());
  await page.locator(".msg-retry").click();
  await page.locator(".msg[data-seq]", { hasText: "这条先发不出去" }).waitFor();
  assert.equal(await page.locator(".msg", { hasText: "这条先发不出去" }).count(), 1);
});

for (const [way, preference] of Object.entries({ english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`the chat fits a phone and is accessible: ${way}`, async () => {
    const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.freeBooth(1).host, bypassCSP: true });
    await visitor.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    await visitor.page.goto(`${room}/chat`);
    await visitor.page.locator("[data-chat][data-state=open]").waitFor();
    await visitor.isFit(`talk-chat-phone-${way}`);
    const size = await visitor.page.locator(".msg:not(.msg-emoji) > .msg-text").last().evaluate((line) => Number.parseFloat(getComputedStyle(line).fontSize));
    assert.equal(size, way === "large" ? 20 : 16, "the chat follows the size of the site");
    await visitor.page.locator("[data-chat-answers]").click();
    await visitor.page.locator(".suggest [role=option]").first().waitFor();
    await visitor.isFit(`talk-pick-phone-${way}`);
    await visitor.page.goto(`${room}/quick-answers`);
    await visitor.isFit(`talk-answers-phone-${way}`);
    visitor.calm();
    await visitor.leave();
  });
}

test("without JavaScript one answers, and sees answers only", async () => {
  const guest = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false });
  await guest.page.goto(`${room}/chat`);
  await guest.page.fill("[data-chat-name] input[name=name]", "老李");
  await guest.page.click("[data-chat-name] button");
  await guest.page.goto(`${room}/chat`);
  await guest.page.locator(".msg-host", { hasText: "每月十五号发工资" }).locator(".msg-reply").click();
  await guest.page.locator("[data-chat-reply]", { hasText: "每月十五号发工资" }).waitFor();
  await guest.shot("talk-no-script-reply-phone");
  await guest.page.fill("[data-chat-composer] textarea", "谢谢，知道了");
  await guest.page.locator("[data-chat-composer] button:not([type])").click();
  await phone.page.locator(".msg", { hasText: "谢谢，知道了" }).locator(".msg-quote", { hasText: "每月十五号发工资" }).waitFor();
  await guest.page.goto(`${room}/chat`);
  await guest.page.locator("[data-chat-only] button").click();
  assert.match(guest.page.url(), /only=host/);
  assert.equal(await guest.line("有没有老乡").count(), 0);
  await guest.page.locator("[data-chat-left-out]", { hasText: "隐藏了" }).waitFor();
  await guest.shot("talk-no-script-only-phone");
  await guest.leave();
});

test("no page reported an error", () => {
  // A form that comes back with a message is an error to the console alone.
  host.errors = host.errors.filter((error) => !error.includes("status of 422"));
  for (const visitor of [host, phone, other]) visitor.calm();
});
