// Questions, polls, the pinned notice and announcements in real browsers: people ask and vote on phones, a host answers by keys, everybody
// sees what is on air; organisers tell the whole fair. And the pages fit phone and desktop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, room, booth, host, guest, seeker, organiser, lobby;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  booth = demo.freeBooth(2);
  room = booth.room.url;
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  guest = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  seeker = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
  organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
  lobby = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  await Promise.all([guest.page.goto(room), seeker.page.goto(room), host.page.goto(`${room}/studio`), lobby.page.goto(demo.fair.url)]);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

const tab = (visitor, name) => visitor.page.locator(`[role=tab][data-tab=${name}]:visible`).click();
const question = (visitor, text) => visitor.page.locator(".ask:visible", { hasText: text });

async function ask(visitor, text) {
  await visitor.page.fill("[data-ask] textarea", text);
  await visitor.page.press("[data-ask] textarea", "Enter");
  await question(visitor, text).waitFor();
}

test("a guest asks by a name alone, and others vote", async () => {
  await tab(guest, "questions");
  await guest.isFit("ask-empty-phone");
  await guest.page.fill("[data-ask-name] input[name=name]", "老张");
  await guest.page.press("[data-ask-name] input[name=name]", "Enter");
  await ask(guest, "夜班多吗？一个月大概几天？");
  await tab(seeker, "questions");
  await ask(seeker, "包吃住吗？宿舍几个人一间？");
  await question(guest, "包吃住吗").waitFor();
  await question(guest, "包吃住吗").locator(".ask-vote button").click();
  await question(seeker, "包吃住吗").locator("[data-count]", { hasText: "1" }).waitFor();
  assert.equal(await guest.page.locator(".room-tabs [data-questions-count]").textContent(), "2");
  await question(guest, "包吃住吗").locator(".ask-vote button[aria-pressed=true]").waitFor();
  await guest.isFit("ask-list-phone");
  await seeker.isFit("ask-list-desk");
  await guest.page.reload();
  await tab(guest, "questions");
  const first = guest.page.locator("[data-part=asked] .ask").first();
  assert.match(await first.textContent(), /包吃住吗/, "the most wanted comes first");
  await first.locator(".ask-vote button[aria-pressed=true]").waitFor();
});

test("the host answers by keys, and everybody sees what is on air without changing the tab", async () => {
  await tab(host, "questions");
  await question(host, "包吃住吗").waitFor();
  await host.isFit("ask-studio-desk");
  await tab(seeker, "chat");
  await host.page.locator(".asks-scroll").focus();
  await host.page.keyboard.press("j");
  await host.page.keyboard.press("a");
  await Promise.all([guest, seeker].map((each) => each.page.locator("#answering:not([hidden])", { hasText: "包吃住吗" }).waitFor()));
  await tab(guest, "chat");
  await guest.isFit("ask-on-air-phone");
  await seeker.isFit("ask-on-air-desk");
  await question(host, "包吃住吗").locator(".ask-write").fill("包住，四人间；饭补每天 20 元。");
  await host.isFit("ask-answering-desk");
  await question(host, "包吃住吗").locator(".ask-done").click();
  await Promise.all([guest, seeker].map((each) => each.page.locator("#answering").waitFor({ state: "hidden" })));
  await tab(guest, "questions");
  await guest.page.locator("[data-part=answered] summary").click();
  await question(guest, "饭补每天 20 元").waitFor();
  await guest.shot("ask-answered-phone");
});

test("what a host dismisses vanishes everywhere, and comes back by undo", async () => {
  await ask(guest, "老板是不是骗子？");
  await question(host, "老板是不是骗子").locator(".ask-drop").click();
  await question(guest, "老板是不是骗子").waitFor({ state: "hidden" });
  await host.page.locator(".toast button").click();
  await question(guest, "老板是不是骗子").waitFor();
});

test("questions that wait for the host are let through by one tap", async () => {
  await host.page.click("[data-approval] button");
  await host.page.locator("[data-approval] button[aria-pressed=true]").waitFor();
  await tab(seeker, "questions");
  await ask(seeker, "能带孩子住吗？");
  await question(seeker, "能带孩子").locator(".ask-waits").waitFor();
  await seeker.isFit("ask-waits-desk");
  await host.page.locator('[data-part=waiting] .ask[data-state="waiting"]', { hasText: "能带孩子" }).waitFor();
  assert.equal(await question(guest, "能带孩子").count(), 0);
  await host.isFit("ask-approval-desk");
  await question(host, "能带孩子").locator(".ask-let").click();
  await question(guest, "能带孩子").waitFor();
});

test("a host starts a poll, people vote, change their vote, and read the result", async () => {
  await tab(host, "polls");
  await host.page.locator("[data-make] summary").click();
  await host.page.fill("#question", "您更想上哪个班？");
  const options = host.page.locator("[data-make-poll] input[name=options]");
  await options.nth(0).fill("白班");
  await options.nth(1).fill("白班");
  await host.page.locator("[data-make-poll] button").click();
  await host.page.locator("[data-make-poll] .field-error", { hasText: "有相同的选项" }).waitFor();
  await host.isFit("poll-make-desk");
  await options.nth(1).fill("夜班，有夜班补贴");
  await options.nth(2).fill("两班倒");
  await host.page.selectOption("#seconds", "300");
  await host.page.locator("[data-make-poll] button").click();
  await Promise.all([guest, seeker].map((each) => each.page.locator("#poll-strip:not([hidden])", { hasText: "您更想上哪个班" }).waitFor()));
  await tab(guest, "chat");
  await guest.isFit("poll-strip-phone");
  await guest.page.click("#poll-strip a");
  await guest.isFit("poll-open-phone");
  await guest.page.locator(".poll-option", { hasText: "夜班，有" }).click();
  await guest.page.click(".poll-vote");
  await guest.page.locator(".poll[data-counted] .poll-option", { hasText: "1 票，100%" }).waitFor();
  await seeker.page.click("#poll-strip a");
  await seeker.page.locator("#poll-strip [data-voters]", { hasText: "1" }).waitFor();
  assert.equal(await seeker.page.locator(".poll-number", { hasText: "票" }).count(), 0, "not before voting");
  await seeker.isFit("poll-open-desk");
  await seeker.page.locator(".poll-option", { hasText: "白班" }).click();
  await seeker.page.click(".poll-vote");
  await guest.page.locator(".poll-option", { hasText: "1 票，50%" }).first().waitFor();
  await guest.page.locator(".poll-option", { hasText: "白班" }).click();
  await guest.page.click(".poll-vote");
  await host.page.locator(".poll-option", { hasText: "2 票，100%" }).waitFor();
  await guest.isFit("poll-voted-phone");
  await host.isFit("poll-studio-desk");
  await host.page.locator("[data-end-poll] button").click();
  await host.page.locator("dialog[open] button[value=ok]").click();
  await Promise.all([guest, seeker].map((each) => each.page.locator(".poll[data-closed]", { hasText: "2 票，100%" }).waitFor()));
  await guest.isFit("poll-closed-phone");
  await seeker.isFit("poll-closed-desk");
});

test("a pinned notice stands above the chat, also for who comes later", async () => {
  await host.page.goto(`${room}/notice`);
  await host.isFit("notice-desk");
  await host.page.fill("#text", "今天下午三点集中面试，请提前准备身份证。");
  await host.page.locator("form.card button.btn-primary").click();
  await host.page.locator(".banner-success").waitFor();
  await tab(guest, "chat");
  await guest.page.locator("[data-notice]:not([hidden])", { hasText: "下午三点" }).waitFor();
  await guest.isFit("notice-phone");
  const late = await Visitor.enter(browser, { ...DESK, bypassCSP: true });
  await late.page.goto(room);
  await late.page.locator("[data-notice]:not([hidden])", { hasText: "下午三点" }).waitFor();
  await late.isFit("notice-desk-room");
  late.calm();
  await late.leave();
});

test("an announcement reaches rooms and lobby, and whoever has read it does not see it again", async (t) => {
  await organiser.page.goto(`${demo.fair.url}/announcements`);
  await organiser.isFit("announce-desk");
  await organiser.page.fill("#text_zh", "十点半主会场讲返岗补贴政策，欢迎大家来听。");
  await organiser.page.fill("#text_en", "At half past ten: subsidies explained in the main hall.");
  await organiser.page.locator("form.card button.btn-primary").click();
  await organiser.page.locator("dialog[open] button[value=ok]").click();
  const begun = performance.now();
  await Promise.all([guest, seeker].map((each) => each.page.locator(".announced", { hasText: "返岗补贴" }).waitFor()));
  t.diagnostic(`shown in two rooms after ${Math.round(performance.now() - begun)} ms`);
  await lobby.page.locator(".announced", { hasText: "返岗补贴" }).waitFor();
  await guest.isFit("announce-room-phone");
  await seeker.isFit("announce-room-desk");
  await lobby.isFit("announce-lobby-phone");
  await guest.page.click(".announced [data-dismiss]");
  await guest.page.locator("#announcements").waitFor({ state: "hidden" });
  await guest.page.reload();
  await guest.page.locator("[data-chat][data-state=open]").waitFor();
  assert.equal(await guest.page.isVisible("#announcements"), false, "read is read");
  await organiser.page.locator(".banner-success").waitFor();
  await organiser.page.fill("#text_zh", "平台维护：十二点到十二点十分暂停服务。");
  await organiser.page.locator(".chip", { hasText: "紧急" }).click();
  await organiser.page.locator("form.card button.btn-primary").click();
  await organiser.page.locator("dialog[open] button[value=ok]").click();
  await guest.page.locator(".announced[data-level=urgent]", { hasText: "暂停服务" }).waitFor();
  await guest.isFit("announce-urgent-phone");
  await organiser.isFit("announce-list-desk");
  for (let left = 2; left > 0; left -= 1) await organiser.page.locator("form[action$='/end'] button").first().click();
  await Promise.all([guest, seeker].map((each) => each.page.locator("#announcements").waitFor({ state: "hidden" })));
});

test("with a live picture, a posting, a question, a poll, a notice and an announcement a phone still has room for the chat", async () => {
  const live = demo.liveRoom();
  const recruiter = await Visitor.enter(browser, { ...PHONE, person: demo.people.find((person) => person.room_id === live.id), bypassCSP: true });
  const send = (path, data) => recruiter.context.request.post(`${live.url}${path}`, { data, headers: { Origin: demo.base_url } });
  const asked = await (await send("/questions", { client_id: "all", text: "新来的要自己带被褥吗？厂里发工服吗？" })).json();
  await send(`/questions/${asked.question}/state`, { state: "answering" });
  await send("/polls", { question: "下周哪天方便来厂里看看？", options: ["周二", "周三", "周五"], seconds: 0 });
  await send("/notice", { text: "面试请带身份证原件，全程不收任何费用。" });
  await organiser.context.request.post(`${demo.fair.url}/announcements`, { data: { text_zh: "十点半主会场讲返岗补贴。" }, headers: { Origin: demo.base_url } });
  const visitor = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  await visitor.page.goto(live.url);
  await visitor.watches("#video", 5);
  await visitor.isFit("ask-everything-phone");
  const { height } = await visitor.page.locator("[data-chat-list]").boundingBox();
  assert.ok(height > 60, `${height} px of the chat`);
  await recruiter.page.goto(live.url);
  await tab(recruiter, "questions");
  await recruiter.isFit("ask-host-room-phone");
  await recruiter.page.goto(`${live.url}/studio`);
  await tab(recruiter, "questions");
  await recruiter.page.locator("#panel-questions").scrollIntoViewIfNeeded();
  await recruiter.isFit("ask-studio-phone");
  const wide = await Visitor.enter(browser, { ...DESK, bypassCSP: true });
  await wide.page.goto(live.url);
  await wide.watches("#video", 5);
  await wide.isFit("ask-everything-desk");
  for (const each of [recruiter, visitor, wide]) {
    each.calm();
    await each.leave();
  }
  await organiser.page.goto(`${demo.fair.url}/announcements`);
  await organiser.page.locator("form[action$='/end'] button").first().click();
});

test("after the server died the list and the poll go on where they were", async () => {
  await host.page.goto(`${room}/studio`);
  await tab(host, "polls");
  await host.page.locator("[data-make] summary").click();
  await host.page.fill("#question", "几点方便面试？");
  const options = host.page.locator("[data-make-poll] input[name=options]");
  await options.nth(0).fill("上午");
  await options.nth(1).fill("下午");
  await host.page.locator("[data-make-poll] button").click();
  await guest.page.locator("#poll-strip:not([hidden])", { hasText: "几点方便面试" }).waitFor();
  await demo.kill();
  await demo.run();
  await Promise.all([guest, seeker, host].map((each) => each.page.locator("[data-chat][data-state=open]").waitFor({ state: "attached" })));
  await tab(seeker, "polls");
  await seeker.page.locator(".poll-option", { hasText: "上午" }).click();
  await seeker.page.click(".poll-vote");
  await guest.page.locator("#poll-strip [data-voters]", { hasText: "1" }).waitFor();
  await host.page.locator("[data-end-poll] button").click();
  await host.page.locator("dialog[open] button[value=ok]").click();
  await guest.page.locator("#poll-strip").waitFor({ state: "hidden" });
});

/** Somebody in a room whose socket can be cut and mended. What is asked over HTTP goes on. */
async function enterOnThread(at) {
  const visitor = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  const thread = { cut: false, socket: null };
  await visitor.page.routeWebSocket(/\/socket$/, (socket) => {
    // While it is cut the page talks to nobody and does not know.
    if (!thread.cut) [thread.socket, thread.server] = [socket, socket.connectToServer()];
  });
  await visitor.page.goto(at.room.url);
  await visitor.page.locator("[data-chat][data-state=open]").waitFor({ state: "attached" });
  return {
    visitor,
    cut: async () => {
      thread.cut = true;
      await thread.server.close();
      await thread.socket.close({ code: 4409 });
      await visitor.page.locator("[data-chat]:not([data-state=open])").waitFor({ state: "attached" });
    },
    mend: async () => {
      thread.cut = false;
      await visitor.page.evaluate(() => dispatchEvent(new Event("online")));
      await visitor.page.locator("[data-chat][data-state=open]").waitFor({ state: "attached" });
    },
  };
}

test("whoever was away for more than is replayed reads questions and poll anew, without having opened either", async () => {
  const at = demo.freeBooth(1);
  const recruiter = await Visitor.enter(browser, { person: at.host });
  const send = async (path, data) => {
    const answer = await recruiter.context.request.post(`${at.room.url}${path}`, { data, headers: { Origin: demo.base_url } });
    assert.ok(answer.ok(), `${path}: ${answer.status()}`);
    return answer.json();
  };
  const { visitor, cut, mend } = await enterOnThread(at);
  const { page } = visitor;
  const strip = page.locator("#poll-strip:not([hidden])", { hasText: "哪天能来上班" });
  const { seq } = await send("/messages", { client_id: "away-1", text: "大家好" });
  await visitor.hears("大家好");
  const before = Number(await page.locator(".room-tabs [data-questions-count]").textContent());
  await cut();
  await send("/questions", { client_id: "away-2", text: "大家最想先了解什么？" });
  await send("/polls", { question: "哪天能来上班？", options: ["下周一", "下个月"], seconds: 0 });
  // Two hundred entries are replayed to whoever comes back, and these are none of questions or polls.
  for (let n = 0; n < 205; n += 1) await send("/deletions", { seq });
  assert.deepEqual([await strip.count(), Number(await page.locator(".room-tabs [data-questions-count]").textContent())], [0, before]);
  await mend();
  await page.locator(".msg-system button", { hasText: "消息" }).first().waitFor({ state: "attached" });
  await strip.waitFor();
  await page.locator(".room-tabs [data-questions-count]", { hasText: String(before + 1) }).waitFor();
  await tab(visitor, "questions");
  await question(visitor, "大家最想先了解什么").waitFor();
  visitor.calm();
  await Promise.all([visitor.leave(), recruiter.leave()]);
});

test("the questions of somebody whose messages are deleted vanish from every open page at once, and come back by undo", async () => {
  const at = demo.freeBooth(1);
  const recruiter = await Visitor.enter(browser, { person: at.host, bypassCSP: true });
  const [author, reader] = [await Visitor.enter(browser, { ...PHONE, bypassCSP: true }), await Visitor.enter(browser, { ...PHONE, bypassCSP: true })];
  await Promise.all([author.page.goto(at.room.url), reader.page.goto(at.room.url), recruiter.page.goto(`${at.room.url}/studio`)]);
  await tab(author, "questions");
  await author.page.fill("[data-ask-name] input[name=name]", "刷屏的");
  await author.page.press("[data-ask-name] input[name=name]", "Enter");
  await ask(author, "招不招长头发的？");
  await tab(author, "chat");
  await author.says("刷屏刷屏");
  await tab(reader, "questions");
  await question(reader, "长头发").waitFor();
  await recruiter.hears("刷屏刷屏");
  await recruiter.line("刷屏刷屏").locator(".msg-actions").click();
  await recruiter.page.locator("dialog[open] button", { hasText: "删除此人全部消息和提问" }).click();
  await Promise.all([question(reader, "长头发").waitFor({ state: "hidden" }), author.line("刷屏刷屏").waitFor({ state: "detached" })]);
  await tab(author, "questions");
  await question(author, "长头发").waitFor({ state: "hidden" });
  await recruiter.page.locator(".toast button").click();
  await Promise.all([reader, author].map((each) => question(each, "长头发").waitFor()));
  await recruiter.hears("刷屏刷屏");
  // Without scripts there is a page for the same.
  const line = recruiter.line("刷屏刷屏");
  const manage = await line.locator(".msg-actions").getAttribute("href");
  await recruiter.page.goto(new URL(manage, at.room.url).href);
  await recruiter.page.locator("button", { hasText: "删除此人全部消息和提问" }).click();
  await question(reader, "长头发").waitFor({ state: "hidden" });
  await recruiter.page.goto(new URL(manage, at.room.url).href);
  await recruiter.isFit("purge-person-desk");
  await recruiter.page.locator("button", { hasText: "恢复此人全部消息和提问" }).click();
  await question(reader, "长头发").waitFor();
  // What waits for a host is told to nobody, but its author sees it go and come back too.
  const send = (method, path, data) => recruiter.context.request.fetch(`${at.room.url}${path}`, { method, data, headers: { Origin: demo.base_url } });
  await send("POST", "/questions/approval", { approval: "1" });
  await ask(author, "能带孩子住吗？");
  const me = await author.page.locator("[data-questions]").getAttribute("data-account") || (await (await send("GET", "/messages")).json()).entries.find(({ name }) => name === "刷屏的").author;
  await send("POST", "/deletions", { author: me });
  await question(author, "能带孩子").waitFor({ state: "hidden" });
  await send("DELETE", `/deletions/${me}`);
  await question(author, "能带孩子").waitFor();
  await send("POST", "/questions/approval", { approval: "0" });
  for (const each of [author, reader, recruiter]) {
    each.calm();
    await each.leave();
  }
});

for (const [way, preference] of Object.entries({ english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`the room with all of it fits a phone and is accessible: ${way}`, async () => {
    const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 1), bypassCSP: true });
    await visitor.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    await visitor.page.goto(room);
    await visitor.page.locator("[data-chat][data-state=open]").waitFor();
    for (const name of ["chat", "questions", "polls"]) {
      await tab(visitor, name);
      await visitor.isFit(`ask-${name}-phone-${way}`);
    }
    visitor.calm();
    await visitor.leave();
  });
}

test("without JavaScript a guest asks and votes", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false });
  await plain.page.goto(`${room}/questions`);
  await plain.page.fill("[data-ask-name] input[name=name]", "老李");
  await plain.page.click("[data-ask-name] button");
  await plain.page.fill("[data-ask] textarea", "没有脚本也能问吗？");
  await plain.page.click("[data-ask] button");
  await plain.page.locator(".ask", { hasText: "没有脚本" }).waitFor();
  await plain.page.locator("[data-part=asked] .ask").first().locator(".ask-vote button").click();
  await plain.page.locator(".ask-vote button[aria-pressed=true]").first().waitFor();
  await plain.shot("ask-no-script-phone");
  await plain.page.goto(room);
  await plain.shot("ask-room-no-script-phone");
  await plain.leave();
});

test("no page reported an error", () => {
  // What the network refused while the server was away is no fault of the pages.
  const excused = /Failed to load resource|WebSocket connection to|ERR_/;
  for (const each of [host, guest, seeker, organiser, lobby]) {
    each.errors = each.errors.filter((error) => !excused.test(error));
    each.calm();
  }
});
