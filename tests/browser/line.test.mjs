// The ends of a line in real browsers: who waits hears at once wherever they are, the recruiter in a talk sees who is behind, organisers see the
// figures. And what goes on beside the plain way: messages, call-back, hand-off, absence.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch, until } from "./support.mjs";

/** From the change to the screen. */
const AT_ONCE = 2000;
let demo, browser, room, host, first, second, third;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth(1);
  room = booth.room.url;
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  first = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  second = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 1), bypassCSP: true });
  third = await Visitor.enter(browser, { bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

async function lineUp(visitor) {
  await visitor.page.goto(`${room}/queue`);
  if (await visitor.page.locator("#name").count()) {
    await visitor.page.fill("#name", "老张");
    await visitor.page.press("#name", "Enter");
  }
  await visitor.page.click("#join-line");
  await visitor.page.locator("#place[data-state=waiting]").waitFor();
}

/** What the server is asked by the visitor's own means. */
const ask = (visitor, what, form = {}) =>
  visitor.page.context().request.post(what, { form, headers: { Origin: demo.base_url, Accept: "application/json" } });

/** Does something, and says how long it took until `locator` was there. */
async function delay(act, locator) {
  await act();
  const done = Date.now();
  await locator.waitFor();
  return Date.now() - done;
}

test("a place changes on the screen at once, and whoever becomes the next one is told", async () => {
  await host.page.goto(`${room}/desk`);
  await host.page.locator("#line").waitFor();
  await first.page.goto(`${room}/queue`);
  await first.isFit("line-join-phone");
  for (const visitor of [first, second, third]) await lineUp(visitor);
  const room_id = room.split("/").at(-1);
  // Long after the last question of the page, and long before its next one: what comes now, comes by the nudge.
  const asked = [];
  second.page.on("request", (request) => request.url().includes("/queue/place") && asked.push(Date.now()));
  await until(() => asked.length > 1 && asked.at(-1) - asked.at(-2) > 5500, "a page that asks seldom, because it is told");
  const took = await delay(() => first.page.evaluate((room) => fetch(document.querySelector("#leave-line").form.action, { method: "POST", headers: { Accept: "application/json" } }).then(() => room), room_id), second.page.locator("#place[data-position='1']"));
  assert.ok(took < AT_ONCE, `${took} ms`);
  await second.page.locator(".toast", { hasText: "第一位" }).waitFor();
  await second.isFit("line-next-phone");
  const there = await delay(() => lineUp(first), host.page.locator("ol.list li").nth(2));
  assert.ok(there < AT_ONCE, `the desk: ${there} ms`);
});

test("whoever waits and looks around hears the call on any page, also in another hall", async () => {
  const hall = demo.liveRoom().url;
  await second.page.goto(hall);
  await second.page.locator("[data-chat][data-state=open]").waitFor();
  await third.page.goto(demo.base_url);
  await third.page.waitForTimeout(1500);
  const took = await delay(() => ask(host, `${room}/desk/calls`), second.page.locator(".toast", { hasText: "轮到您了" }));
  assert.ok(took < AT_ONCE, `${took} ms`);
  await second.shot("line-called-elsewhere-phone");
  await third.page.locator(".toast", { hasText: "第一位" }).waitFor();
  await third.shot("line-next-elsewhere-desk");
  await second.page.locator(".toast button", { hasText: "查看" }).click();
  await second.page.locator("#place[data-state=called] #accept").click();
  await Promise.all([second, host].map((visitor) => visitor.page.waitForURL(/\/call$/)));
});

test("the recruiter in the talk sees who waits behind it, and takes the next one with a tap", async () => {
  await Promise.all([second.watches("#remote"), host.watches("#remote")]);
  const behind = host.page.locator("#behind");
  await behind.filter({ hasText: "2 人" }).waitFor();
  await behind.filter({ hasText: "下一位：老张" }).waitFor();
  assert.equal(await second.page.locator("#behind").count(), 0);
  await host.isFit("line-call-desk");
  // Whoever left by mistake finds the way back first.
  await second.page.click("#leave");
  await second.page.locator("#back-in").waitFor();
  await second.isFit("line-left-phone");
  await second.page.click("#back-in");
  await second.watches("#remote");
  await host.page.setViewportSize({ width: 360, height: 780 });
  await host.isFit("line-call-phone");
  const gone = await delay(() => ask(third, `${room}/queue`).then(async (place) => ask(third, `${demo.base_url}/queue/${(await place.json()).ticket}/departures`)), behind.filter({ hasText: "1 人" }));
  assert.ok(gone < AT_ONCE, `${gone} ms`);
  await first.page.bringToFront();
  await host.page.locator("#end:not([hidden]) button").click();
  await host.page.locator("dialog[open] button[value=ok]").click();
  await host.page.locator("#take-next:enabled", { hasText: "叫下一位：" }).waitFor();
  await host.isFit("line-after-phone");
  await host.page.setViewportSize(DESK.viewport);
  await host.isFit("line-after-desk");
  await host.page.click("#take-next");
  await host.page.locator("#line[data-state=called]").waitFor();
  await first.page.locator("#place[data-state=called]").waitFor();
});

test("not now costs three places, and a call that is not answered is said to have cost some", async () => {
  await first.page.locator("form[action$=refusals] button").click();
  await first.page.locator("#place[data-state=waiting] .banner").waitFor();
  await first.isFit("line-put-off-phone");
  await ask(host, `${room}/desk/calls`);
  await first.page.locator("#place[data-state=called]").waitFor();
  await first.page.locator("#place[data-state=waiting] .banner-warn").waitFor({ timeout: 45_000 });
  await first.isFit("line-missed-phone");
});

test("one asks for a message, for a call back, and is called back", async () => {
  await first.page.click("#remind[value='1']");
  await first.page.locator("#remind[value='0']").waitFor();
  await first.isFit("line-remind-phone");
  await first.page.locator("form[action$=call-backs] button").click();
  await first.page.locator("dialog[open]").waitFor();
  await first.shot("line-call-back-ask-phone");
  await first.page.locator("dialog[open] button[value=ok]").click();
  await first.page.locator("#place[data-state=call-back]").waitFor();
  await first.isFit("line-call-back-phone");
  await host.page.goto(`${room}/desk`);
  await host.page.locator("form[action$=call-backs] button").first().waitFor();
  await host.isFit("line-desk-backs-desk");
  await host.page.setViewportSize({ width: 360, height: 780 });
  await host.isFit("line-desk-backs-phone");
  const took = await delay(async () => host.page.locator("#line li", { hasText: demo.person("seeker").name }).locator("form[action$=call-backs] button").click(), first.page.locator("#place[data-state=waiting][data-position='1']"));
  assert.ok(took < AT_ONCE + 1000, `${took} ms`);
  await first.isFit("line-called-back-phone");
});

test("handed on to another booth, one is led there and stands first", async () => {
  await ask(host, `${room}/desk/calls`);
  await first.page.locator("#place[data-state=called] #accept").click();
  await first.page.waitForURL(/\/call$/);
  await host.page.goto(`${room}/desk`);
  await host.page.locator("#line[data-state=talking]").waitFor();
  await host.page.locator("summary", { hasText: "转给" }).click();
  await host.isFit("line-hand-phone");
  await host.page.locator("#to").selectOption({ index: 0 });
  await host.page.locator("form[action$=hand-offs] button").click();
  await host.page.locator("#continue, #next").first().waitFor();
  await host.shot("line-handed-host-phone");
  await first.page.waitForURL(/\/rooms\/[0-9a-f-]{36}\/queue$/);
  await first.page.locator("#place[data-state=waiting][data-position='1']").waitFor();
  await first.isFit("line-handed-phone");
});

test("the check of camera and microphone works while waiting", async () => {
  await first.page.locator("#check").scrollIntoViewIfNeeded();
  await first.shot("line-check-phone");
});

test("organisers see all lines in figures and take them with them", async () => {
  const organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
  await organiser.page.goto(`${demo.fair.url}/console`);
  await organiser.page.locator("a[href$='/queues']").click();
  await organiser.page.locator("table").waitFor();
  await organiser.isFit("line-figures-desk");
  const [download] = await Promise.all([organiser.page.waitForEvent("download"), organiser.page.click("a[href$='queues.csv']")]);
  assert.match(download.suggestedFilename(), /^queues-[0-9-]+\.csv$/);
  const phone = await Visitor.enter(browser, { ...PHONE, person: demo.person("organiser"), bypassCSP: true });
  await phone.page.goto(`${demo.fair.url}/queues`);
  await phone.isFit("line-figures-phone");
  for (const each of [organiser, phone]) await each.leave();
});

test("no page reported an error", () => {
  // A call that is over answers so to who still asks.
  const over = /status of (404|410)|response code: 410/;
  for (const each of [host, first, second, third]) {
    each.errors = each.errors.filter((error) => !over.test(error));
    each.calm();
  }
});
