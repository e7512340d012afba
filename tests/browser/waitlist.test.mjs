// Group sessions with a few seats, and waitlists: a seat that becomes free is offered in order, for a time; what nobody takes goes to the next.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, host, first, second, third, room, employer;

const path = (url) => new URL(url, demo.base_url).pathname;
const send = (visitor, method, to, options = {}) => visitor.context.request[method](`${demo.base_url}${to}`, { headers: { Origin: demo.base_url, Accept: "application/json" }, ...options });
const MINUTE = 60_000;
/** Tomorrow in the zone of the fair, and an instant of it. */
const tomorrow = new Date(Date.now() + 24 * 60 * MINUTE).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });
const at = (time) => Date.parse(`${tomorrow}T${time}:00+08:00`);
/** A plan of one stretch of tomorrow. */
const once = (from, to, more) => ({ weekday: [], from: [], to: [], except_day: [tomorrow], except_kind: ["open"], except_from: [from], except_to: [to], except_who: [""], length: "15", buffer: "0", lead: "0", horizon: "3", ...more });

async function plan(data) {
  const made = await send(host, "post", `/employers/${employer}/plans`, { data });
  assert.equal(made.status(), 201, await made.text());
  return (await made.json()).id;
}

const slots = (visitor) => visitor.page.goto(`${demo.base_url}${room}/interviews`);
const form = (visitor, id) => visitor.page.locator(`form[action^='/slots/${id}.']`);

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  const booth = demo.freeBooth();
  room = path(booth.room.url);
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  [first, second, third] = await Promise.all([0, 1, 2].map((n) => Visitor.enter(browser, { person: demo.person("seeker", n), bypassCSP: true, ...(n === 1 ? PHONE : {}) })));
  await host.page.goto(`${demo.base_url}/interviews`);
  employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a group session shows how many seats are left, is full with the last one, and open again when somebody cancels", async () => {
  const group = await plan(once("10:00", "10:15", { title: "群面", capacity: "2" }));
  await slots(first);
  const seats = (visitor, n) => form(visitor, group).locator("small", { hasText: `余 ${n} 位` });
  await seats(first, 2).waitFor();
  await first.isFit("group-desk");
  await form(first, group).locator("button").click();
  const dialog = first.page.locator("dialog[open]");
  await dialog.locator(".hold-left").waitFor();
  await slots(third);
  await seats(third, 1).waitFor();
  await dialog.locator("button[value=ok]").click();
  await first.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  const mine = path(first.page.url());
  await slots(second);
  await seats(second, 1).waitFor();
  await second.isFit("group-phone");
  await form(second, group).locator("button").click();
  await second.page.locator("dialog[open] button[value=ok]").click();
  await second.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  // Who still looks at the page from before is told that it is full.
  await form(third, group).locator("button").click();
  await third.page.locator("[role=alert]").first().waitFor();
  assert.equal(await form(third, group).count(), 0, "no seat is left");
  await host.page.goto(`${demo.base_url}/employers/${employer}/interviews?view=day&day=${tomorrow}`);
  await until(async () => (await host.page.locator(".agenda-chip").count()) === 2, "the recruiter sees both");
  assert.equal(await host.page.locator("td:has(.agenda-chip)").count(), 1, "in one hour");
  await host.isFit("group-agenda-desk");
  assert.equal((await send(first, "post", `${mine}/cancellations`, { data: { reason: "临时有事" } })).status(), 200);
  await slots(third);
  await seats(third, 1).waitFor();
  await form(third, group).locator("button").click();
  await third.page.locator("dialog[open] button[value=ok]").click();
  await third.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
});

test("who waits is offered what somebody gives up, for a time that is shown; then the next one is, and takes it", async () => {
  // It can be booked for a minute or two more: so long the first offer is good.
  const lead = String(Math.floor((at("14:00") - Date.now() - 75_000) / MINUTE));
  const data = once("14:00", "14:15", { title: "终面", lead });
  const single = await plan(data);
  const booked = await send(first, "post", `/slots/${single}.${at("14:00") / (5 * MINUTE)}/bookings`, { data: { client_id: "" } });
  assert.equal(booked.status(), 201, await booked.text());
  const wait = (visitor) => visitor.page.locator(`form[action='/plans/${single}/waits'] button`);
  await slots(second);
  await wait(second).click();
  await slots(second);
  await second.page.locator(".wait", { hasText: "您在候补名单上，排在第一位" }).waitFor();
  await second.isFit("waitlist-first-phone");
  await slots(third);
  await wait(third).click();
  await slots(third);
  await third.page.locator(".wait", { hasText: "前面还有 1 人" }).waitFor();
  await third.isFit("waitlist-second-desk");
  const gone = await send(first, "post", `/interviews/${(await booked.json()).id}/cancellations`, { data: { reason: "不去了" } });
  assert.equal(gone.status(), 200);
  await slots(first);
  assert.equal(await form(first, single).count(), 0, "nobody snatches it");
  await second.page.goto(`${demo.base_url}/interviews`);
  await second.page.locator("#claims ~ .list a.btn", { hasText: "去答复" }).click();
  await second.page.locator("h1", { hasText: "候补到了" }).waitFor();
  await second.page.locator("[data-left]", { hasText: /剩余 [012]:\d\d/ }).waitFor();
  await second.isFit("waitlist-offer-phone");
  const claims = async (visitor) => (await send(visitor, "get", "/claims")).json();
  const offered = async (visitor) => (await claims(visitor)).filter((claim) => claim.how === "waitlist");
  assert.deepEqual((await offered(third)).map((claim) => claim.state), [], "one at a time");
  // The recruiter takes bookings until the last moment from now on.
  const changed = await send(host, "post", `/plans/${single}`, { data: { ...data, lead: "0", version: "1" } });
  assert.equal(changed.status(), 200, await changed.text());
  // The page of the offer says by itself that it is over.
  await second.page.locator(".badge", { hasText: "已过期" }).waitFor({ timeout: 150_000 });
  await second.isFit("waitlist-lapsed-phone");
  await until(async () => (await offered(third)).some((claim) => claim.state === "offered"), "the next one is offered it");
  await third.page.goto(`${demo.base_url}/interviews`);
  await third.page.locator("#claims ~ .list a.btn", { hasText: "去答复" }).click();
  await third.page.locator("[data-left]", { hasText: /剩余 1[0-4]:\d\d/ }).waitFor();
  await third.isFit("waitlist-offer-desk");
  await third.page.click("#accept");
  await third.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  const [late] = await offered(second);
  assert.equal(late.state, "lapsed");
  assert.equal((await send(second, "post", late.answers_url, { data: { answer: "accept" } })).status(), 409);
  assert.deepEqual((await offered(third)).map((claim) => claim.state), ["booked"]);
});

test("no page reported an error", () => {
  for (const visitor of [host, first, second, third]) {
    visitor.errors = visitor.errors.filter((error) => !/409/.test(error));
    visitor.calm();
  }
});
