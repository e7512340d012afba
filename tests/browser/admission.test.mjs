// The door on an opening day: a phone waits on a page of its own and comes in by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, SHOTS, launch } from "./support.mjs";

let demo, browser;

before(async () => {
  [demo, browser] = [await Demo.start(["--admission-rate", "5"]), await launch()];
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** People who open the home page at the same time; gives how many were asked to wait. */
async function rush(people) {
  const answers = await Promise.all(Array.from({ length: people }, () => fetch(demo.base_url, { headers: { accept: "text/html" } })));
  return answers.filter(({ status }) => status === 503).length;
}

test("a newcomer waits by number, in any look, and comes into the very room without doing anything", async () => {
  const inside = await (await browser.newContext(DESK)).newPage();
  await inside.goto(demo.base_url);
  assert.ok((await rush(120)) > 50);
  const room = new URL(demo.liveRoom().url).pathname;

  const looks = [["phone", PHONE], ["phone-dark", { ...PHONE, colorScheme: "dark" }], ["phone-english", { ...PHONE, locale: "en-GB" }], ["desk", DESK]];
  // Whoever has chosen large text and reads at twice the size, in both languages and by night.
  const twice = { ...PHONE, viewport: { width: 180, height: 390 }, deviceScaleFactor: 4 };
  const large = { sb_size: "large" };
  looks.push(["large", PHONE, large], ["large-twice", twice, large], ["large-twice-english-dark", { ...twice, locale: "en-GB" }, { ...large, sb_theme: "dark" }], ["large-desk-light", { ...DESK, colorScheme: "dark" }, { ...large, sb_theme: "light" }]);
  for (const [name, options, chosen = {}] of looks) {
    const context = await browser.newContext({ locale: "zh-CN", ...options });
    await context.addCookies(Object.entries(chosen).map(([cookie, value]) => ({ name: cookie, value, url: demo.base_url })));
    const page = await context.newPage();
    const response = await page.goto(`${demo.base_url}${room}`);
    assert.equal(response.status(), 503);
    assert.match(await page.textContent("main"), name.includes("english") ? /Your place is kept/ : /您的位置已保留/);
    assert.ok(Number(await page.textContent(".place b")) > 0);
    const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth, getComputedStyle(document.querySelector("main")).textAlign]);
    assert.ok(wide[0] <= wide[1] && wide[2] === "center", `the page's own style counts: ${wide}`);
    const size = await page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize));
    assert.equal(size, chosen.sb_size ? 22.5 : 18, `${name}: the size that was chosen`);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(ground, name.includes("dark") ? "rgb(17, 22, 19)" : "rgb(247, 247, 240)", `${name}: the look that was chosen`);
    await page.screenshot({ path: `${SHOTS}/waiting-${name}.png`, fullPage: true });
    await context.close();
  }

  const context = await browser.newContext(PHONE);
  const page = await context.newPage();
  await page.goto(`${demo.base_url}${room}`);
  const before = Number(await page.textContent(".place b"));
  await inside.reload();
  assert.equal(await inside.locator(".place").count(), 0, "who was inside stays inside");
  await page.waitForSelector("[data-chat]", { timeout: 90_000 });
  assert.equal(new URL(page.url()).pathname, room);
  assert.ok(before > 0);
  assert.deepEqual((await context.cookies()).map(({ name }) => name).filter((name) => /sb_(pass|wait)/.test(name)), ["sb_pass"]);
});
