// Every main page on a phone and on a desktop: fits the screen, is accessible (axe-core), reports no error. And the pages without JavaScript.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch } from "./support.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let demo, browser, paths;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  paths = await explore();
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** Finds the pages that have ids in their paths, as people find them: by links. */
async function explore() {
  const path = (url) => new URL(url, demo.base_url).pathname;
  const live = path(demo.liveRoom().url);
  const host = await Visitor.enter(browser, { person: demo.person("recruiter") });
  await host.page.goto(`${demo.base_url}/interviews`);
  const employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  const seeker = await Visitor.enter(browser, { person: demo.person("seeker") });
  await seeker.page.goto(`${demo.base_url}/employers/${employer}`);
  const [posting, unsent] = await seeker.page.locator(".posting-card a.stretch").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  await seeker.page.goto(`${demo.base_url}${posting}/apply`);
  await seeker.page.click("form[enctype] button.btn-primary");
  await seeker.page.waitForURL(/\/applications\//);
  const application = path(seeker.page.url());
  await seeker.page.goto(`${demo.base_url}${live}/interviews`);
  await seeker.page.locator("form[action*='/bookings'] button").first().click();
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  const interview = path(seeker.page.url());
  const organiser = await Visitor.enter(browser, { person: demo.person("organiser") });
  await organiser.page.goto(demo.rooms[0].url);
  const moderation = await organiser.page.locator(".msg-actions").first().getAttribute("href");
  for (const visitor of [host, seeker, organiser]) {
    visitor.calm();
    await visitor.leave();
  }
  return { live, hall: path(demo.rooms[0].url), booth: path(demo.freeBooth().room.url), fair: path(demo.fair.url), employer: `/employers/${employer}`, posting, unsent, application, interview, moderation };
}

/** name: who looks (nobody is a guest) and where. */
const PAGES = {
  home: [null, () => "/"],
  lobby: [null, () => paths.fair],
  board: [null, () => `${paths.fair}/postings`],
  "board-search": [null, () => `${paths.fair}/postings?q=装配`],
  "board-nothing": [null, () => `${paths.fair}/postings?q=宇航员`],
  posting: [null, () => paths.posting],
  employer: [null, () => paths.employer],
  "room-live": [null, () => paths.live],
  "room-hall": [null, () => paths.hall],
  "room-quiet": [null, () => paths.booth],
  signin: [null, () => "/signin"],
  network: [null, () => "/network"],
  "not-found": [null, () => "/rooms/nowhere", 404],
  apply: ["seeker", () => `${paths.unsent}/apply`],
  application: ["seeker", () => paths.application],
  me: ["seeker", () => "/me"],
  book: ["seeker", () => `${paths.live}/interviews`],
  interviews: ["seeker", () => "/interviews"],
  interview: ["seeker", () => paths.interview],
  call: ["seeker", () => `${paths.interview}/call`],
  line: ["seeker", () => `${paths.booth}/queue`],
  "line-desk": ["recruiter", () => `${paths.live}/desk`],
  studio: ["recruiter", () => `${paths.live}/studio`],
  applicants: ["recruiter", () => `${paths.employer}/applications`],
  applicant: ["recruiter", () => paths.application],
  "own-postings": ["recruiter", () => `${paths.employer}/postings`],
  "new-posting": ["recruiter", () => `${paths.fair}/postings/new`],
  day: ["recruiter", () => `${paths.employer}/interviews`],
  slots: ["recruiter", () => `${paths.employer}/slots`],
  console: ["organiser", () => "/console"],
  undelivered: ["organiser", () => "/console/undelivered"],
  desk: ["organiser", () => `${paths.fair}/console`],
  review: ["organiser", () => `${paths.fair}/review`],
  "moderate-message": ["organiser", () => paths.moderation],
  "moderate-fair": ["organiser", () => `${paths.fair}/moderation`],
  "review-messages": ["organiser", () => `${paths.fair}/review/messages`],
  words: ["organiser", () => `${paths.fair}/words?try=先交300元`],
  mode: ["organiser", () => `${paths.hall}/mode`],
  questions: [null, () => `${paths.live}/questions`],
  polls: ["recruiter", () => `${paths.live}/polls`],
  notice: ["organiser", () => `${paths.hall}/notice`],
  announcements: ["organiser", () => `${paths.fair}/announcements`],
  report: [null, () => paths.moderation.replace("moderation", "reports")],
};
const SIZES = { phone: PHONE, desk: DESK };

for (const [name, [role, path, status = 200]] of Object.entries(PAGES)) {
  test(`the page ${name} fits phone and desktop and is accessible`, async () => {
    for (const [size, settings] of Object.entries(SIZES)) {
      const visitor = await Visitor.enter(browser, { ...settings, person: role ? demo.person(role) : undefined, bypassCSP: true });
      await open(visitor, path(), status);
      await visitor.shot(`${name}-${size}`);
      await fits(visitor, `${name} on ${size}`);
      await isAccessible(visitor, `${name} on ${size}`);
      if (status === 200) visitor.calm();
      await visitor.leave();
    }
  });
}

/** The harder ways to look at a page: English is longer, dark has other contrasts, large text has less room. */
const WAYS = { english: { lang: "en" }, dark: { theme: "dark" }, large: { size: "large" } };
for (const [way, preference] of Object.entries(WAYS)) {
  test(`the pages of seekers fit a phone and are accessible: ${way}`, async () => {
    const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
    await visitor.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    for (const name of ["home", "lobby", "board", "posting", "room-live", "apply", "application", "me", "book", "interview", "signin"]) {
      await open(visitor, PAGES[name][1](), 200);
      const html = visitor.page.locator("html");
      const [attribute, value] = { english: ["lang", "en"], dark: ["data-theme", "dark"], large: ["data-size", "large"] }[way];
      assert.equal(await html.getAttribute(attribute), value);
      await visitor.shot(`${name}-phone-${way}`);
      await fits(visitor, `${name} ${way}`);
      await isAccessible(visitor, `${name} ${way}`);
    }
    visitor.calm();
    await visitor.leave();
  });
}

async function open(visitor, path, status) {
  const response = await visitor.page.goto(`${demo.base_url}${path}`);
  assert.equal(response.status(), status, path);
  await visitor.page.evaluate(() => document.fonts.ready);
}

async function fits({ page }, where) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > room + 1).slice(0, 5);
    return document.documentElement.scrollWidth > room ? out.map((e) => e.outerHTML.slice(0, 120)) : null;
  });
  assert.equal(wide, null, `${where} scrolls sideways`);
}

async function isAccessible({ page }, where) {
  await page.addScriptTag({ path: AXE });
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  assert.deepEqual(grave.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html.slice(0, 160))]), [], where);
}

test("without JavaScript a guest reads and writes", async () => {
  const guest = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false });
  await guest.page.goto(`${demo.base_url}${paths.live}`);
  await guest.page.fill("[data-chat-name] input[name=name]", "老张");
  await guest.page.click("[data-chat-name] button");
  await guest.page.fill("[data-chat-composer] textarea", "没有脚本也能说话");
  await guest.page.locator("[data-chat-composer] button:not([type])").click();
  await guest.hears("没有脚本也能说话");
  await guest.shot("no-script-room-phone");
  await guest.page.goto(demo.fair.url);
  await guest.page.fill("input[name=q]", "映山红");
  await guest.page.press("input[name=q]", "Enter");
  assert.equal(await guest.page.locator(".room-card").count(), 1);
  await guest.leave();
});

test("without JavaScript a seeker applies and books", async () => {
  const seeker = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false, person: demo.person("seeker", 1) });
  await seeker.page.goto(`${demo.base_url}${paths.unsent}`);
  await seeker.page.click("a[href$='/apply']");
  await seeker.page.click("form[enctype] button.btn-primary");
  await seeker.page.locator(".banner-success").waitFor();
  await seeker.page.goto(`${demo.base_url}${paths.live}/interviews`);
  await seeker.page.locator("form[action*='/bookings'] button").first().click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  await seeker.page.locator("a[href$='.ics']").waitFor();
  await seeker.shot("no-script-booked-phone");
  await seeker.leave();
});

test("no page asks anybody else for anything, and scripts from elsewhere are refused", async () => {
  const guest = await Visitor.enter(browser);
  const elsewhere = [];
  guest.page.on("request", (request) => new URL(request.url()).origin !== demo.base_url && elsewhere.push(request.url()));
  for (const path of ["/", paths.fair, `${paths.fair}/postings`, paths.live]) await guest.page.goto(`${demo.base_url}${path}`);
  await guest.page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "globalThis.injected = true";
    document.body.append(script);
  });
  assert.equal(await guest.page.evaluate(() => globalThis.injected), undefined, "an inline script ran");
  assert.deepEqual(elsewhere, []);
  await guest.leave();
});

test("a first visit costs a phone no more than was promised", async (t) => {
  for (const [name, path, most] of [["lobby", paths.fair, 60], ["board", `${paths.fair}/postings`, 60], ["room", paths.live, 120]]) {
    const guest = await Visitor.enter(browser, PHONE);
    const wire = await guest.context.newCDPSession(guest.page);
    await wire.send("Network.enable");
    let bytes = 0;
    wire.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    await guest.page.goto(`${demo.base_url}${path}`, { waitUntil: "load" });
    // What modules ask for after the page belongs to the first visit too.
    await guest.page.waitForTimeout(1500);
    t.diagnostic(`${name}: ${(bytes / 1000).toFixed(1)} kB`);
    assert.ok(bytes > 10_000 && bytes <= most * 1000, `${name}: ${bytes} of ${most} kB`);
    await guest.leave();
  }
});
