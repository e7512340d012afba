// Applying in a real browser: what was typed survives, an application without a network goes once when there is one, a voice note is recorded and heard, somebody
// without a script or an account gets there too; staff of a village station help somebody and leave nothing on the screen.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, jobs;

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  const { origin } = new URL(demo.person("recruiter").signin_url);
  const api = async (path) => (await fetch(`${origin}/api/v1${path}`)).json();
  const fairs = await api("/fairs");
  jobs = (await api(`/fairs/${fairs.items[0].id}/postings?limit=20`)).items;
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** The last code that the server sent to this number; without a gateway it is in the log. */
const codeFor = (contact) => demo.log().split("\n").filter((line) => line.includes(contact)).at(-1)?.match(/\b(\d{6})\b(?!.*\b\d{6}\b)/)?.[1];
const PDF = { name: "简历.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n%%EOF\n") };

test("what was typed and picked is there again after the page was closed", async () => {
  const { context, page } = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker") });
  await page.goto(jobs[0].apply_url);
  await page.fill("[name=note]", "会电焊，想住夫妻房");
  await page.setInputFiles("[name=resume]", PDF);
  // On the disk, not only on its way there.
  await until(() => page.evaluate(() => new Promise((done) => {
    const request = indexedDB.open("spring-breeze");
    request.onsuccess = () => {
      const all = request.result.transaction("applications").objectStore("applications").getAll();
      all.onsuccess = () => (request.result.close(), done(all.result.some((draft) => draft.fields.note?.includes("夫妻房") && draft.files.resume)));
    };
    request.onerror = () => done(false);
  })), "a draft");
  await page.close();
  const again = await context.newPage();
  await again.goto(jobs[0].apply_url);
  await again.locator("#kept").waitFor();
  assert.equal(await again.inputValue("[name=note]"), "会电焊，想住夫妻房");
  assert.equal(await again.evaluate(() => document.querySelector("[name=resume]").files[0].name), "简历.pdf");
  await again.click("#kept button");
  await again.waitForFunction(() => document.querySelector("[name=note]")?.value === "");
  await context.close();
});

test("an application without a network waits on the phone and goes once, from any page", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  const { context, page } = visitor;
  await page.goto(jobs[1].apply_url);
  await page.fill("[name=name]", "李雷");
  await page.fill("[name=contact]", "13800138000");
  await page.fill("[name=note]", "没网时投的");
  await page.setInputFiles("[name=resume]", PDF);
  await context.setOffline(true);
  await page.click("#apply button.btn-primary");
  await page.locator("#waiting").waitFor();
  await visitor.isFit("apply-waiting-phone");
  await page.close();
  await context.setOffline(false);
  // Two pages at once, and still one application.
  const [one, other] = [await context.newPage(), await context.newPage()];
  await Promise.all([one.goto(demo.base_url), other.goto(demo.base_url)]);
  await until(async () => (await one.locator(".toast").allTextContents()).concat(await other.locator(".toast").allTextContents()).some((text) => text.includes("已投出")), "that it was sent");
  await one.goto(`${demo.base_url}/me`);
  assert.equal(await one.locator("#applications li", { hasText: jobs[1].title_zh }).count(), 1);
  await one.locator("#applications li a", { hasText: jobs[1].title_zh }).click();
  await one.locator("main", { hasText: "没网时投的" }).waitFor();
  assert.match(await one.textContent("main"), /简历\.pdf/);
  assert.equal(await one.evaluate(() => localStorage.getItem("applications")), null, "nothing waits any more");
  await context.close();
});

test("who signs out leaves nothing on the phone", async () => {
  const { context, page } = await Visitor.enter(browser, { person: demo.person("seeker", 1) });
  await page.goto(jobs[2].apply_url);
  await page.fill("[name=note]", "不想让别人看到");
  const kept = () => page.evaluate(() => new Promise((done) => {
    const request = indexedDB.open("spring-breeze");
    request.onupgradeneeded = () => request.result.createObjectStore("applications", { keyPath: ["account", "path"] });
    request.onsuccess = () => {
      const all = request.result.transaction("applications").objectStore("applications").count();
      all.onsuccess = () => (request.result.close(), done(all.result));
    };
  }));
  await until(async () => (await kept()) === 1, "a draft");
  await page.evaluate(() => document.querySelector("form[action='/signout']").requestSubmit());
  await page.locator("a[href^='/signin']").first().waitFor();
  assert.equal(await kept(), 0);
  await context.close();
});

test("a voice note is recorded, sent, and heard by the recruiter", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 2), bypassCSP: true });
  const { page } = visitor;
  await page.goto(jobs[3].apply_url);
  await page.fill("[name=name]", "韩梅梅");
  await page.fill("[name=contact]", "13800138001");
  await page.click("[data-voice=record]");
  await page.locator("[data-voice=said]", { hasText: /还能说 8[0-8] 秒/ }).waitFor();
  await page.click("[data-voice=stop]");
  await page.locator("[data-voice=heard]:not([hidden])").waitFor();
  await page.locator("#voice-note").scrollIntoViewIfNeeded();
  await visitor.isFit("apply-voice-phone");
  await page.click("#apply button.btn-primary");
  await page.locator(".banner-success").waitFor();
  const application = new URL(page.url()).pathname;
  visitor.calm();
  const recruiter = demo.people.filter(({ role }) => role === "recruiter");
  let heard = null;
  for (const person of recruiter) {
    const desk = await Visitor.enter(browser, { person });
    const answer = await desk.page.goto(`${demo.base_url}${application}`);
    if (answer.status() === 200) {
      const sound = desk.page.locator("audio[src$='/voice']");
      heard = await sound.evaluate((audio) => new Promise((done) => {
        audio.onloadedmetadata = () => done(audio.readyState);
        audio.onerror = () => done(audio.error?.message ?? "error");
        audio.load();
        void audio.play().catch(() => {});
      }));
    }
    await desk.leave();
    if (heard !== null) break;
  }
  assert.ok(heard >= 1, `it plays: ${heard}`);
  await visitor.leave();
});

test("without scripts and without an account: questions make a resume, a code sends it", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false });
  const { page } = visitor;
  await page.goto(jobs[4].apply_url);
  await page.click("a[href^='/me/resume']");
  await page.click("form[action='/me/resume'] button.btn-primary");
  await page.locator("#name-error").waitFor();
  await page.fill("[name=name]", "孙大海");
  await page.fill("[name=wanted]", "电焊工");
  await page.locator("label.chip", { hasText: "焊工证" }).click();
  await page.fill("#work-1", "焊货架");
  await visitor.shot("resume-builder-phone");
  await page.click("form[action='/me/resume'] button.btn-primary");
  await page.waitForURL(/\/apply$/);
  await page.locator("#apply", { hasText: "孙大海的简历.pdf" }).waitFor();
  await page.fill("[name=name]", "孙大海");
  await page.fill("[name=contact]", "13800138009");
  await visitor.shot("apply-guest-phone");
  await page.click("#apply button.btn-primary");
  await page.fill("#code", await until(() => codeFor("13800138009"), "the code in the log"));
  await page.click("form[action$='/apply/code'] button.btn-primary");
  await page.locator(".banner-success").waitFor();
  assert.match(await page.textContent("main"), /孙大海的简历\.pdf/);
  await visitor.leave();
});

test("staff of a station help somebody, and the screen is wiped when nobody sits before it", async () => {
  const staff = await Visitor.enter(browser, { person: demo.person("station"), bypassCSP: true });
  const { page } = staff;
  await page.clock.install();
  await page.click("nav a[href^='/stations/']");
  await page.fill("[name=name]", "王大山");
  await page.click("#register button.btn-primary");
  await page.locator("#consent-error").waitFor();
  await staff.isFit("station-desk");
  await page.check("#consent");
  await page.click("#register button.btn-primary");
  await page.fill("[name=q]", jobs[5].title_zh);
  await page.press("[name=q]", "Enter");
  await page.locator("#find li input[name=consent]").first().check();
  await page.locator("#find li button.btn-primary").first().click();
  await page.locator("#sent li").first().waitFor();
  await staff.isFit("station-worker");
  await page.setViewportSize(PHONE.viewport);
  await staff.isFit("station-worker-phone");
  await page.click("#slip button.btn-primary");
  const pin = (await page.textContent(".slip-pin")).trim();
  const claim = (await page.textContent(".slip-url")).trim();
  await staff.isFit("station-slip-phone");
  const desk = new URL(page.url()).pathname.split("/workers/")[0];
  await page.clock.fastForward("05:01");
  await page.waitForURL((url) => url.pathname === desk);
  assert.doesNotMatch(await page.textContent("main"), /王大山/);
  await page.goBack();
  await until(async () => !/王大山/.test(await page.textContent("body").catch(() => "王大山")), "nothing of the worker comes back");
  await staff.leave();

  const home = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  await home.page.goto(claim);
  await home.page.fill("#pin", "x");
  await home.page.click("form button.btn-primary");
  await home.page.locator("#pin-error").waitFor();
  await home.isFit("station-claim-phone");
  await home.page.fill("#pin", pin);
  await home.page.click("form[action^='/claim/'] button.btn-primary");
  await home.page.waitForURL(/\/me$/);
  await home.page.locator("#applications li").first().waitFor();
  await home.leave();
});
