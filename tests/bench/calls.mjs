// How long two people wait for one another: from the click on "join" (or "let them in") until both decode the other's picture. Two browsers of
// their own on this machine; SPRINGBREEZE_BINARY names the program, ROUNDS how often.
import { Demo, Visitor, launch, until } from "../browser/support.mjs";

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const LIMIT_MS = 1500;

const watch = () => {
  const look = () => {
    const video = document.querySelector("#remote");
    if (video?.getVideoPlaybackQuality?.().totalVideoFrames > 0) globalThis.firstFrame = Date.now();
    else requestAnimationFrame(look);
  };
  document.addEventListener("DOMContentLoaded", look);
};

const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];

const demo = await Demo.start();
const browsers = [await launch(), await launch()];
const booth = demo.freeBooth();
const recruiter = await Visitor.enter(browsers[0], { person: booth.host });
const seeker = await Visitor.enter(browsers[1], { person: demo.person("seeker") });
for (const { context } of [recruiter, seeker]) await context.addInitScript(watch);
await seeker.page.goto(`${booth.room.url}/interviews`);
await seeker.page.locator("form[action*='/bookings'] button").first().click();
await seeker.page.locator("dialog[open] button[value=ok]").click();
await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
const interview = seeker.page.url();
const first = (page) => until(() => page.evaluate(() => globalThis.firstFrame), "the first frame", 20_000);
const decoded = async () => Math.max(...(await Promise.all([recruiter, seeker].map(({ page }) => first(page)))));
const post = (what) => recruiter.context.request.post(`${interview}/${what}`, { data: {}, headers: { accept: "application/json" } });
const results = { "both click join": [], "the recruiter joins and lets in whoever waits": [], "let in": [] };

/** Both on the page before the call, devices open. */
async function before() {
  for (const { page } of [recruiter, seeker]) await page.goto(interview);
  for (const { page } of [recruiter, seeker]) await until(() => page.$eval("#preview", (video) => video.videoWidth > 0), "the preview");
}

for (let round = 0; round < ROUNDS; round += 1) {
  await before();
  await seeker.page.click("#join");
  await seeker.page.locator("#waiting-text").waitFor();
  await recruiter.page.locator("#join[href$='#admit']").waitFor();
  let begun = Date.now();
  await recruiter.page.click("#join");
  results["the recruiter joins and lets in whoever waits"].push((await decoded()) - begun);

  await before();
  begun = Date.now();
  await Promise.all([recruiter, seeker].map(({ page }) => page.click("#join")));
  results["both click join"].push((await decoded()) - begun);

  await post("returns");
  await until(() => seeker.page.evaluate(() => document.querySelector("#remote").srcObject === null), "to be sent back");
  await recruiter.page.reload();
  await recruiter.page.locator("#door:not([hidden])").waitFor();
  await seeker.page.reload();
  await until(() => recruiter.page.evaluate(() => document.querySelector("#door-text").textContent.includes("0")), "that somebody waits");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  begun = Date.now();
  await recruiter.page.click("#admit");
  results["let in"].push((await decoded()) - begun);
  await post("returns");
}

let slow = false;
for (const [what, all] of Object.entries(results)) {
  slow ||= median(all) > LIMIT_MS;
  console.log(`${what}: median ${median(all)} ms, worst ${Math.max(...all)} ms of ${all.length} (limit ${LIMIT_MS} ms)`);
}
for (const browser of browsers) await browser.close();
await demo.stop();
process.exitCode = slow ? 1 : 0;
