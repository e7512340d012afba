// Two people find a time: booking with a hold, moving by page, by drag and by key, invitation and counter-proposal, a waitlist, on behalf.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, host, seeker, other, room, employer, plan, interview;

const path = (url) => new URL(url, demo.base_url).pathname;
const send = (visitor, method, to, options = {}) => visitor.context.request[method](`${demo.base_url}${to}`, { headers: { Origin: demo.base_url, Accept: "application/json" }, ...options });
const calendar = (query = "") => `${demo.base_url}/employers/${employer}/interviews${query}`;
const dayOf = (iso) => new Date(iso).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  const booth = demo.freeBooth();
  room = path(booth.room.url);
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  seeker = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
  other = await Visitor.enter(browser, { person: demo.person("seeker", 1), bypassCSP: true });
  await host.page.goto(`${demo.base_url}/interviews`);
  employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  const made = await send(host, "post", `/employers/${employer}/plans`, { data: { title: "初试", weekday: ["1-7"], from: ["13:00"], to: ["17:00"], length: "20", buffer: "10", lead: "0" } });
  assert.equal(made.status(), 201);
  plan = (await made.json()).id;
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a tapped time is kept while one decides, and nobody else gets it", async () => {
  await seeker.page.goto(`${demo.base_url}${room}/interviews`);
  await seeker.isFit("book-desk");
  const form = seeker.page.locator(`form[action*='${plan}']`).first();
  const action = await form.getAttribute("action");
  await form.locator("button").click();
  const dialog = seeker.page.locator("dialog[open]");
  await dialog.locator(".hold-left", { hasText: /剩余 4:\d\d/ }).waitFor();
  await seeker.shot("hold-desk");
  await other.page.goto(`${demo.base_url}${room}/interviews`);
  assert.equal(await other.page.locator(`form[action='${action}']`).count(), 0, "not offered while it is held");
  assert.equal((await send(other, "post", action, { data: {} })).status(), 409);
  await dialog.locator("[data-cancel]").click();
  await until(async () => {
    await other.page.reload();
    return (await other.page.locator(`form[action='${action}']`).count()) === 1;
  }, "the time is free again");
  await form.locator("button").click();
  await dialog.locator("button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  interview = path(seeker.page.url());
  // Somebody who looked at the old page is told, and shown the nearest.
  await other.page.locator(`form[action='${action}'] button`).click();
  await other.page.locator("#nearest").waitFor();
  await other.isFit("book-refused-desk");
  other.errors = [];
});

test("the seeker moves it on a page, the recruiter sees when it was", async () => {
  await seeker.page.click("#move");
  await seeker.isFit("move-desk");
  await seeker.page.locator(".choose-day").nth(1).locator("label.chip").first().click();
  await seeker.page.fill("#reason", "那天要上班");
  await seeker.page.click("#move-submit");
  await seeker.page.waitForURL(new RegExp(`${interview}$`));
  await host.page.goto(`${demo.base_url}${interview}`);
  await host.page.locator("#history summary").click();
  await host.page.locator("#history", { hasText: "那天要上班" }).waitFor();
  await host.isFit("interview-history-desk");
});

test("the recruiter drags it to another hour, and moves it by keys", async () => {
  const at = async () => (await (await send(host, "get", interview)).json()).starts_at;
  const before = await at();
  await host.page.goto(calendar(`?day=${dayOf(before)}`));
  const chip = host.page.locator(`.agenda-chip[href='${interview}']`);
  const hour = new Date(before);
  hour.setUTCMinutes(0);
  const later = new Date(hour.getTime() + 2 * 3_600_000).toISOString().replace(".000", "");
  await chip.dragTo(host.page.locator(`td[data-at='${later}']`));
  const dialog = host.page.locator("dialog[open]");
  await dialog.locator("input[name=slot]:checked").waitFor({ state: "attached" });
  await host.shot("move-dialog-desk");
  await dialog.locator("[name=reason]").fill("会议冲突");
  await dialog.locator("#move-submit").click();
  await until(async () => (await at()) !== before, "it was moved");
  const dragged = await at();
  assert.ok(Date.parse(dragged) >= Date.parse(later) && Date.parse(dragged) < Date.parse(later) + 3_600_000, `${before} -> ${dragged}, wanted ${later}`);
  await host.page.locator(".toast", { hasText: "已改时间" }).waitFor();
  await chip.focus();
  await host.page.keyboard.press("m");
  await dialog.locator("input[name=slot]").first().waitFor({ state: "attached" });
  await host.page.keyboard.press("ArrowRight");
  await dialog.locator("#move-submit").focus();
  await host.page.keyboard.press("Enter");
  await until(async () => (await at()) !== dragged, "it was moved by keys");
});

test("a recruiter invites an applicant, who proposes another time, which is accepted", async () => {
  await seeker.page.goto(`${demo.base_url}/employers/${employer}`);
  const posting = await seeker.page.locator(".posting-card a.stretch").first().getAttribute("href");
  await seeker.page.goto(`${demo.base_url}${posting}/apply`);
  await seeker.page.click("form[enctype] button.btn-primary");
  await seeker.page.waitForURL(/\/applications\//);
  await host.page.goto(seeker.page.url());
  await host.page.click("#invite");
  await host.isFit("invite-desk");
  await host.page.locator("label.chip", { has: host.page.locator("input[name=slot]") }).nth(3).click();
  await host.page.fill("#note", "请带上作品");
  await host.page.click("#invite-submit");
  await host.page.waitForURL(/\/claims\//);
  await host.isFit("claim-asking-desk");
  await seeker.page.goto(`${demo.base_url}/interviews`);
  await seeker.isFit("interviews-claims-desk");
  await seeker.page.locator("a.btn", { hasText: "去答复" }).click();
  await seeker.page.locator("dd", { hasText: "请带上作品" }).waitFor();
  await seeker.isFit("claim-asked-desk");
  await seeker.page.click("#propose");
  await seeker.page.locator(".choose-day").nth(1).locator("label.chip").nth(2).click();
  await seeker.page.fill("#reason", "上午要接孩子");
  await seeker.page.click("#propose-submit");
  await seeker.page.waitForURL(/\/claims\//);
  await host.page.goto(calendar());
  await host.page.locator("#claims").waitFor();
  await host.isFit("agenda-claims-desk");
  await host.page.locator("a.btn", { hasText: "去答复" }).click();
  await host.page.click("#accept");
  await host.page.waitForURL(/\/interviews\//);
  await seeker.page.goto(host.page.url());
  await seeker.page.locator("h1").waitFor();
});

test("a recruiter ticks applicants in the list and invites them together", async () => {
  const posting = await (async () => {
    await other.page.goto(`${demo.base_url}/employers/${employer}`);
    return other.page.locator(".posting-card a.stretch").first().getAttribute("href");
  })();
  await other.page.goto(`${demo.base_url}${posting}/apply`);
  await other.page.click("form[enctype] button.btn-primary");
  await other.page.waitForURL(/\/applications\//);
  const list = `${demo.base_url}/employers/${employer}/applications?posting=${posting.split("/")[2]}`;
  await host.page.goto(list);
  const boxes = host.page.locator("input[name=application]");
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await host.isFit("applications-picked-desk");
  await host.page.click("#invite-picked");
  await host.page.locator("#invite-many").waitFor();
  // Who has an interview already is not picked again by itself.
  await host.page.locator(".invite-list small", { hasText: "已约" }).first().waitFor();
  await host.isFit("invite-many-desk");
  await host.page.check("[name=way][value=choose]");
  assert.equal(await host.page.locator(".invite-time select").first().isVisible(), false, "who chooses gets no time");
  await host.page.check("[name=way][value=propose]");
  await host.page.fill("#note", "请带身份证");
  await host.page.click("#invite-many-submit");
  await host.page.locator("[data-flash]", { hasText: "已发出 1 份邀请" }).waitFor();
  await other.page.goto(`${demo.base_url}/interviews`);
  await other.page.locator("a.btn", { hasText: "去答复" }).click();
  await other.page.locator("dd", { hasText: "请带身份证" }).waitFor();
  await other.page.click("#accept");
  await other.page.waitForURL(/\/interviews\//);
  // On a phone, without scripts: they may choose themselves.
  const plain = await Visitor.enter(browser, { ...PHONE, person: demo.freeBooth().host, javaScriptEnabled: false });
  await plain.page.goto(list);
  await plain.page.locator("input[name=application]").first().check();
  await plain.page.click("#invite-picked");
  await plain.page.locator(".invite-list input[name=application]").first().check();
  await plain.page.check("[name=way][value=choose]");
  await plain.shot("invite-many-choose-phone");
  await plain.page.click("#invite-many-submit");
  await plain.page.waitForURL(/\/applications$/);
  await plain.leave();
  const phone = await Visitor.enter(browser, { ...PHONE, person: demo.freeBooth().host, bypassCSP: true });
  await phone.page.goto(list);
  await phone.page.locator("input[name=application]").first().check();
  await phone.isFit("applications-picked-phone");
  await phone.page.click("#invite-picked");
  await phone.isFit("invite-many-phone");
  phone.calm();
  await phone.leave();
});

test("whoever cannot have a time takes one of the nearest by one tap, without scripts too", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 1), javaScriptEnabled: false });
  const { page } = plain;
  const mine = await (await send(other, "get", "/interviews", { headers: { Origin: demo.base_url, Accept: "text/html" } })).text();
  const [talk] = mine.match(/\/interviews\/[0-9a-f-]{36}(?=")/) ?? assert.fail("an interview");
  await page.goto(`${demo.base_url}${talk}/moves`);
  await page.locator("label.chip").first().click();
  const taken = await page.locator("input[name=slot]:checked").getAttribute("value");
  const quick = await send(seeker, "post", `/slots/${taken}/bookings`, { data: { client_id: "" } });
  assert.equal(quick.status(), 201, await quick.text());
  await page.click("#move-submit");
  await page.locator("[role=alert]").waitFor();
  await plain.shot("nearest-phone");
  await page.locator(".nearest button").first().click();
  await page.waitForURL(new RegExp(`${talk}$`));
  await page.locator("#history").waitFor();
  await plain.leave();
});

test("who looks on from New York sees both times before booking", async () => {
  const abroad = await Visitor.enter(browser, { person: demo.person("seeker", 2), timezoneId: "America/New_York", bypassCSP: true });
  await abroad.page.goto(`${demo.base_url}${room}/interviews`);
  await abroad.page.locator(`form[action*='${plan}'] time`, { hasText: /当地/ }).first().waitFor();
  await abroad.isFit("book-abroad-desk");
  await abroad.leave();
});

for (const [way, preference] of Object.entries({ plain: {}, english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`booking, moving and answering fit a phone: ${way}`, async () => {
    const narrow = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
    await narrow.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    for (const [name, to] of [["book", `${room}/interviews`], ["move", `${interview}/moves`], ["interview", interview], ["interviews", "/interviews"]]) {
      await narrow.page.goto(`${demo.base_url}${to}`);
      await narrow.isFit(`booking-${name}-phone-${way}`);
    }
    narrow.calm();
    await narrow.leave();
  });
}

test("an organiser books for somebody who has applied", async () => {
  const organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
  const { page } = organiser;
  await page.goto(`${demo.base_url}${path(demo.fair.url)}/interviews`);
  await page.click("a[href$='/interviews/bookings']");
  await page.selectOption("#employer", employer);
  await page.locator("#choose label.chip").nth(5).click();
  await page.fill("#contact", "nobody@example.com");
  await page.click("#for-submit");
  await page.locator("#contact-error").waitFor();
  await organiser.isFit("book-for-desk");
  await page.fill("#contact", "seeker0@example.com");
  await page.click("#for-submit");
  await page.locator("[data-flash]", { hasText: "已代为预约" }).waitFor();
  organiser.errors = organiser.errors.filter((error) => !/422/.test(error));
  organiser.calm();
  await organiser.leave();
});

test("without scripts a time is booked at once and moved on a page", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 2), javaScriptEnabled: false });
  await plain.page.goto(`${demo.base_url}${room}/interviews`);
  await plain.page.locator(`form[action^='/slots/${plan}'] button`).last().click();
  await plain.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  await plain.page.click("#move");
  await plain.page.locator("label.chip").first().click();
  await plain.page.click("#move-submit");
  await plain.page.locator("#history").waitFor();
  await plain.leave();
});

test("no page reported an error", () => {
  for (const visitor of [host, seeker, other]) {
    visitor.errors = visitor.errors.filter((error) => !/409/.test(error));
    visitor.calm();
  }
});
