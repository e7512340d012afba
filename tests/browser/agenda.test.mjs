// The calendar of interviews as a recruiter uses it, at home and abroad, by mouse, keys and thumb; the organisers' overview.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, host, booth, employer, day, running;

const path = (url) => new URL(url, demo.base_url).pathname;
const send = (visitor, method, to, options = {}) => visitor.context.request[method](`${demo.base_url}${to}`, { headers: { Origin: demo.base_url, Accept: "application/json" }, ...options });
const calendar = (query = "") => `${demo.base_url}/employers/${employer}/interviews${query}`;

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  ({ room: booth, host: employer } = demo.freeBooth());
  host = await Visitor.enter(browser, { person: employer, bypassCSP: true });
  await host.page.goto(`${demo.base_url}/interviews`);
  employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  const room = path(booth.url);
  const booked = [];
  for (let n = 0; n < 3; n++) {
    const seeker = await Visitor.enter(browser, { person: demo.person("seeker", n) });
    const slots = await (await send(seeker, "get", `${room}/interviews`)).json();
    // Three soon, three on the next morning, two on the one after.
    for (const at of [0, 5, 6].map((i) => (i === 0 ? n : slots.length - 1 - 4 * (6 - i) - n))) {
      const answer = await send(seeker, "post", slots[at].bookings_url, { data: {} });
      if (answer.status() === 201) booked.push({ seeker, id: (await answer.json()).id, at: slots[at].starts_at });
    }
  }
  assert.ok(booked.length >= 7, `${booked.length} were booked`);
  // One runs, one is over, one was cancelled.
  [running] = booked;
  const [, done, gone] = booked;
  day = new Date(booked.at(-1).at).toLocaleDateString("sv", { timeZone: "Asia/Shanghai" });
  for (const { seeker, id } of [running]) {
    for (const side of [seeker, host]) assert.ok((await send(side, "post", `/interviews/${id}/presence`, { data: { mic: true, camera: false } })).ok());
  }
  assert.ok((await send(gone.seeker, "post", `/interviews/${gone.id}/cancellations`, { data: { reason: "临时有事" } })).ok());
  assert.ok((await send(done.seeker, "post", `/interviews/${done.id}/cancellations`, { data: { reason: "来不了" } })).ok());
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a week shows who comes when, in which state, and is walked by arrow keys", async () => {
  await host.page.goto(calendar(`?day=${day}`));
  await host.page.locator(".agenda").waitFor();
  await host.isFit("agenda-week-desk");
  const chips = host.page.locator(".agenda .agenda-chip");
  const first = host.page.locator(".agenda .agenda-chip.is-booked").first();
  assert.match((await first.innerText()).replace(/\s+/g, " "), /\d\d:\d\d .*已预约/);
  assert.equal(await chips.count(), 7);
  // Which day has several and where they stand depends on the hour: the fullest day, and whichever way leads on from there.
  await chips.evaluateAll((all) => {
    const days = Map.groupBy(all, (chip) => chip.closest("td").cellIndex);
    [...days.values()].sort((a, b) => b.length - a.length)[0][0].focus();
  });
  const focused = () => host.page.evaluate(() => document.activeElement?.getAttribute("href"));
  const leads = async (key) => {
    const from = await focused();
    await host.page.keyboard.press(key);
    return (await focused()) !== from;
  };
  assert.ok(await leads("ArrowDown"), "to the next one of the day");
  assert.ok((await leads("ArrowRight")) || (await leads("ArrowLeft")), "to another day");
  assert.equal(await host.page.locator(".agenda .agenda-chip[tabindex='0']").count(), 1, "one stop of the tab key");
  await host.page.keyboard.press("Home");
  await host.page.keyboard.press("Enter");
  await host.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  await host.page.goBack();
  await host.page.keyboard.press("t");
  await host.page.waitForURL(/view=week/);
  await host.page.locator(".agenda-chip.is-running", { hasText: "进行中" }).waitFor();
  await host.page.click("#before");
  await host.page.locator("table", { hasText: "周一" }).waitFor();
});

test("a day has a column for each recruiter, and cancelled ones come when they are asked for", async () => {
  await host.page.goto(calendar());
  await host.page.click("#counts a");
  await host.page.locator(".agenda-chip.is-cancelled", { hasText: "已取消" }).first().waitFor();
  await host.isFit("agenda-week-cancelled-desk");
  await host.page.goto(calendar(`?view=day&day=${day}`));
  assert.equal(await host.page.locator(".agenda thead th").count(), await host.page.locator("#recruiter option").count().then((n) => Math.max(n - 1, 1)));
  await host.isFit("agenda-day-desk");
});

test("who looks on from elsewhere sees both times", async () => {
  const abroad = await Visitor.enter(browser, { person: demo.freeBooth().host, timezoneId: "America/New_York", bypassCSP: true });
  await abroad.page.goto(calendar(`?day=${day}`));
  const chip = abroad.page.locator(".agenda .agenda-chip").first();
  await chip.locator(".agenda-own:not([hidden])").waitFor();
  const [shown, own, start] = await chip.evaluate((link) => [link.querySelector("time").textContent, link.querySelector(".agenda-own").textContent, link.dataset.start]);
  const clock = (timeZone) => new Date(start).toLocaleTimeString("zh-CN", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  assert.equal(shown, clock("Asia/Shanghai"));
  assert.ok(own.includes(clock("America/New_York")), own);
  assert.match(await abroad.page.locator("#own-zone").innerText(), /东部/);
  await abroad.isFit("agenda-abroad-desk");
  abroad.calm();
  await abroad.leave();
});

for (const [way, preference] of Object.entries({ plain: {}, english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`calendar and overview fit a phone and are accessible: ${way}`, async () => {
    for (const [name, person, to] of [["agenda", demo.freeBooth().host, calendar()], ["overview", demo.person("organiser"), `${path(demo.fair.url)}/interviews`]]) {
      const narrow = await Visitor.enter(browser, { ...PHONE, person, bypassCSP: true });
      await narrow.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
      await narrow.page.goto(new URL(to, demo.base_url).href);
      await narrow.isFit(`${name}-phone-${way}`);
      const low = await narrow.page.$$eval("main .btn, main .chip, .agenda-strip a", (all) => all.filter((e) => e.offsetParent && !e.closest(".visually-hidden, .no-js")).map((e) => [e.textContent.trim(), e.getBoundingClientRect().height]).filter(([, h]) => h > 1 && h < 40));
      assert.deepEqual(low, [], `${name}: targets are tall enough`);
      narrow.calm();
      await narrow.leave();
    }
  });
}

test("on a phone the strip of days leads to the list, and a running interview has its button", async () => {
  const narrow = await Visitor.enter(browser, { ...PHONE, person: demo.freeBooth().host, bypassCSP: true });
  await narrow.page.goto(calendar());
  assert.equal(await narrow.page.locator(".agenda-wrap").isVisible(), false);
  await narrow.page.locator(".agenda-line.is-running .btn-primary").waitFor();
  await narrow.page.locator(".agenda-strip a").first().click();
  await until(() => narrow.page.evaluate(() => document.querySelector(":target")?.tagName === "H2"), "the day");
  narrow.calm();
  await narrow.leave();
});

test("organisers see load and rates, choose a day and an employer, and no names", async () => {
  const organiser = await Visitor.enter(browser, { person: demo.person("organiser"), bypassCSP: true });
  await organiser.page.goto(`${demo.base_url}${path(demo.fair.url)}/console`);
  await organiser.page.click(`a[href$="${path(demo.fair.url)}/interviews"]`);
  await organiser.isFit("overview-desk");
  await organiser.page.locator("#running").waitFor();
  await organiser.page.locator(".chips a.chip").nth(1).click();
  await organiser.page.selectOption("#employer", employer);
  await organiser.page.locator("#list").waitFor();
  await organiser.isFit("overview-day-desk");
  const text = await organiser.page.locator("main").innerText();
  for (const n of [0, 1, 2]) assert.ok(!text.includes(demo.person("seeker", n).name), "no names");
  const [file] = await Promise.all([organiser.page.waitForEvent("download"), organiser.page.click("#export")]);
  assert.match(file.suggestedFilename(), /^interviews-.*\.csv$/);
  organiser.calm();
  await organiser.leave();
});

test("without scripts the calendar is whole and filters by a button", async () => {
  const plain = await Visitor.enter(browser, { person: demo.freeBooth().host, javaScriptEnabled: false });
  await plain.page.goto(calendar());
  await plain.page.locator(".agenda-filters summary").click();
  await plain.page.fill("#day", day);
  await plain.page.click(".agenda-fields button");
  await plain.page.waitForURL((url) => url.searchParams.get("day") === day);
  assert.ok((await plain.page.locator(".agenda .agenda-chip").count()) > 0);
  await plain.leave();
});

test("no page reported an error", () => host.calm());
