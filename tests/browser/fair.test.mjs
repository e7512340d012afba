// A fair from beginning to end in real browsers: a recruiter goes live from a camera, people watch and chat, one applies for what is
// on stage, books an interview and meets the recruiter by video; an organiser silences a troublemaker; the server dies and comes back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, room, host, guest, seeker, lobby, organiser, employer, interview;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth();
  room = booth.room;
  host = await Visitor.enter(browser, { person: booth.host });
  await host.page.goto(`${demo.base_url}/interviews`);
  employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  guest = await Visitor.enter(browser, PHONE);
  seeker = await Visitor.enter(browser, { person: demo.person("seeker") });
  lobby = await Visitor.enter(browser);
  organiser = await Visitor.enter(browser, { person: demo.person("organiser") });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a recruiter goes live from a camera and two viewers who wait see it", async () => {
  await Promise.all([guest.page.goto(room.url), seeker.page.goto(room.url), lobby.page.goto(demo.fair.url)]);
  assert.equal(await lobby.page.getAttribute(`[data-room="${room.id}"]`, "data-status"), "message-only");
  await host.page.goto(`${room.url}/studio`);
  // The camera was allowed before, so the preview runs by itself.
  await host.page.locator("#go-live:enabled").click();
  await host.page.locator("#on-air[data-status=live]").waitFor();
  await Promise.all([guest.watches(), seeker.watches()]);
  await lobby.page.locator(`[data-room="${room.id}"][data-status=live]`).waitFor();
  await until(async () => Number(await host.page.textContent("#figure-viewers")) === 2, "two viewers in the studio's figures");
  await Promise.all([host.shot("fair-studio"), guest.shot("fair-room-phone"), seeker.shot("fair-room-desk")]);
});

test("chat goes both ways, and a guest needs only a name", async () => {
  await guest.page.fill("[data-chat-name] input[name=name]", "小李");
  await guest.page.press("[data-chat-name] input[name=name]", "Enter");
  await guest.says("请问包吃住吗？");
  await Promise.all([host.hears("请问包吃住吗？"), seeker.hears("请问包吃住吗？")]);
  await host.says("包吃住，四人间有空调。");
  await Promise.all([guest.hears("包吃住，四人间有空调。"), seeker.hears("包吃住，四人间有空调。")]);
  assert.equal(await guest.line("包吃住，四人间有空调。").locator(".badge").count(), 1, "a host's line is marked");
  await seeker.says("<b>夜班</b>多吗？");
  await guest.hears("<b>夜班</b>多吗？");
});

test("a posting that the host puts on stage appears to everyone", async (t) => {
  const item = host.page.locator("#shelf [data-posting]").first();
  const title = (await item.locator(".strong").textContent()).trim();
  const begun = performance.now();
  await item.getByRole("button").click();
  await Promise.all([guest, seeker].map((viewer) => viewer.page.locator("#spotlight:not([hidden])", { hasText: title }).waitFor()));
  t.diagnostic(`shown to two viewers after ${Math.round(performance.now() - begun)} ms`);
  await guest.shot("fair-spotlight-phone");
});

test("a seeker applies for it in two taps, and the recruiter answers", async () => {
  await seeker.page.click("#spotlight [data-card=apply]");
  await seeker.page.click("form[enctype] button.btn-primary");
  await seeker.page.waitForURL(/\/applications\//);
  await seeker.page.locator(".banner-success").waitFor();
  const application = seeker.page.url();
  await seeker.shot("fair-applied-desk");

  const desk = await host.context.newPage();
  await desk.goto(`${demo.base_url}/employers/${employer}/applications`);
  await desk.locator(".desk-row", { hasText: demo.person("seeker").name }).getByRole("link").first().click();
  await desk.locator("button[name=status][value=interview]").click();
  // A page that is closed in the midst of going elsewhere may never say that it is.
  await desk.locator(".banner-success").waitFor();
  await desk.close();
  await seeker.page.goto(application);
  await seeker.page.locator(".timeline", { hasText: "面试" }).waitFor();
});

test("an unknown guest applies after proving a phone number", async () => {
  const applicant = await Visitor.enter(browser, PHONE);
  await applicant.page.goto(room.url);
  await applicant.page.click("#spotlight [data-card=apply]");
  await applicant.page.fill("[name=name]", "");
  await applicant.page.fill("[name=contact]", "13800138000");
  await applicant.page.click("form[enctype] button.btn-primary");
  await applicant.page.locator("#name[aria-invalid=true]").waitFor();
  await applicant.shot("fair-apply-error-phone");
  await applicant.page.fill("[name=name]", "孙大海");
  await applicant.page.setInputFiles("[name=resume]", { name: "简历.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n%%EOF\n") });
  await applicant.page.click("form[enctype] button.btn-primary");
  await applicant.page.fill("#code", await until(() => codeFor("13800138000"), "the code in the log"));
  await applicant.shot("fair-apply-code-phone");
  await applicant.page.click("form[action$='/apply/code'] button.btn-primary");
  await applicant.page.locator(".banner-success").waitFor();
  assert.match(await applicant.page.textContent("main"), /简历\.pdf/);
  await applicant.shot("fair-applied-phone");
  await applicant.leave();
});

/** The last code that the server sent to this number; without a gateway it is in the log. */
function codeFor(contact) {
  const lines = demo.log().split("\n").filter((line) => line.includes(contact));
  return lines.at(-1)?.match(/\b(\d{6})\b(?!.*\b\d{6}\b)/)?.[1];
}

test("the seeker books an interview, and both have it", async () => {
  await seeker.page.goto(room.url);
  await seeker.page.click("#panel-interviews a[href$='/interviews']");
  await seeker.page.locator("form[action*='/bookings'] button").first().click();
  await seeker.shot("fair-book-confirm-desk");
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  interview = new URL(seeker.page.url()).pathname;
  const calendar = await seeker.context.request.get(`${demo.base_url}${interview}.ics`);
  assert.match(await calendar.text(), /BEGIN:VCALENDAR[\s\S]*DTSTART[\s\S]*END:VCALENDAR/);
  const theirs = await host.context.newPage();
  await theirs.goto(`${demo.base_url}/employers/${employer}/interviews`);
  if (!(await theirs.locator(`a[href="${interview}"]`).count())) {
    // Booked across midnight.
    await theirs.locator("a[rel=next]").click();
  }
  await theirs.locator(`a[href="${interview}"]`).first().waitFor();
  await theirs.close();
});

test("the two meet by video", async () => {
  const caller = await Visitor.enter(browser, { person: demo.freeBooth().host });
  for (const side of [caller, seeker]) {
    await side.page.goto(`${demo.base_url}${interview}`);
    // The camera was allowed before, so the device check runs by itself.
    await until(() => side.page.$eval("#preview", (video) => video.videoWidth > 0), "the preview of the device check");
  }
  await seeker.shot("fair-check-desk");
  await seeker.page.click("#join");
  await seeker.page.locator("#waiting-text", { hasText: "已等候" }).waitFor();
  await caller.page.locator("#join", { hasText: "进来" }).waitFor();
  await caller.page.click("#join");
  await Promise.all([caller.watches("#remote"), seeker.watches("#remote")]);
  await until(async () => /\d/.test(await seeker.page.textContent("#timer")), "the timer");
  await seeker.shot("fair-call-desk");
  await caller.page.click("#mute");
  await seeker.page.locator("#remote-muted:not([hidden])").waitFor();
  await caller.page.click("#leave");
  await caller.page.waitForURL((url) => url.pathname === interview);
  await until(async () => (await seeker.page.textContent("#waiting-text")).trim() && (await seeker.page.isVisible("#waiting")), "the note that the other left");
  caller.calm();
  await caller.leave();
});

test("an organiser silences a troublemaker and takes the words away", async () => {
  await seeker.page.goto(room.url);
  await guest.says("日结800，快来快来！");
  await organiser.page.goto(room.url);
  await organiser.line("日结800，快来快来！").locator(".msg-actions").click();
  await organiser.shot("fair-moderate-desk");
  await organiser.page.locator("dialog[open] button", { hasText: "禁言 10 分钟" }).click();
  await guest.page.locator("[data-chat-refusal]:not([hidden])").waitFor();
  assert.equal(await guest.page.isVisible("[data-chat-composer]"), false, "who is muted cannot write");
  await guest.shot("fair-muted-phone");
  await organiser.line("日结800，快来快来！").locator(".msg-actions").click();
  await organiser.page.locator("dialog[open] button", { hasText: "删除" }).first().click();
  await until(async () => !(await seeker.page.textContent("[data-chat-list]")).includes("日结800"), "the words are gone");
  await guest.watches();
  await organiser.page.goto(`${demo.fair.url}/moderation`);
  await organiser.page.getByText("小李").first().waitFor();
  await organiser.page.locator("form[action*='/mutes/'][action$='/undo'] button").click();
  await guest.page.locator("[data-chat-composer]:not([hidden])").waitFor();
});

test("after kill -9 and a restart the stream and the chat go on, and nothing is lost", async () => {
  await guest.says("断线之前");
  await seeker.hears("断线之前");
  await demo.kill();
  await guest.says("断线之中");
  await demo.run();
  await Promise.all([guest, seeker, host].map((visitor) => visitor.page.locator("[data-chat][data-state=open]").waitFor()));
  await Promise.all([guest.watches(), seeker.watches()]);
  await seeker.hears("断线之中");
  for (const text of ["断线之前", "断线之中"]) assert.equal(await seeker.line(text).count(), 1, `${text} stands there once`);
  await seeker.page.reload();
  for (const text of ["请问包吃住吗？", "断线之前", "断线之中"]) assert.equal(await seeker.line(text).count(), 1, `${text} was kept`);
  await seeker.watches();
});

test("the host ends the stream, and viewers are told", async () => {
  await host.page.click("#end-live");
  await host.page.locator("dialog[open] button[value=ok]").click();
  await Promise.all([guest, seeker].map((viewer) => viewer.page.locator("#stage-note:not([hidden])", { hasText: "已结束" }).waitFor()));
  await guest.shot("fair-ended-phone");
  // What the network refused while the server was away is no fault of the pages.
  const excused = /Failed to load resource|WebSocket connection to|ERR_/;
  for (const visitor of [host, guest, seeker, lobby, organiser]) {
    visitor.errors = visitor.errors.filter((error) => !excused.test(error));
    visitor.calm();
  }
});
