// @ts-check
/**
 * From the click on a live room to the first decoded frame, in Chromium, again and again.
 *
 *     node joins.mjs DEMO_JSON [JOINS]
 *
 * Every join is a new browser context (no cache, no cookies): the visitor opens the lobby and clicks the room's link. The clock
 * starts at the click and stops at the video's first `requestVideoFrameCallback`.
 */
import { chromium } from 'playwright-core';
import { liveRoom, percentile, readDemo } from './demo.mjs';

const demo = readDemo(process.argv[2]);
const joins = Number(process.argv[3] ?? 20);
const room = liveRoom(demo);

/** Runs in every page: notes when a link was clicked and when the first video frame was shown, on the wall clock. */
function watchPage() {
  const wall = () => performance.timeOrigin + performance.now();
  addEventListener('click', () => sessionStorage.setItem('clicked', String(wall())), { capture: true });
  const seen = new WeakSet();
  const hook = () => {
    for (const video of document.querySelectorAll('video')) {
      if (seen.has(video)) continue;
      seen.add(video);
      video.requestVideoFrameCallback(() => { window['firstFrame'] ??= wall(); });
    }
  };
  new MutationObserver(hook).observe(document, { childList: true, subtree: true });
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-timer-throttling', '--mute-audio'],
});
/** @type {number[]} */
const times = [];
let failed = 0;
for (let join = 0; join < joins; join += 1) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(watchPage);
    await page.goto(demo.fair.url, { waitUntil: 'load' });
    const path = new URL(room.url).pathname;
    await page.locator(`a[href="${path}"], a[href="${room.url}"]`).first().click();
    await page.waitForFunction(() => window['firstFrame'] !== undefined, undefined, { timeout: 15_000, polling: 20 });
    times.push(await page.evaluate(() => window['firstFrame'] - Number(sessionStorage.getItem('clicked'))));
  } catch (error) {
    failed += 1;
    console.error(`join ${join + 1}: ${String(error).split('\n')[0]}`);
  } finally {
    await context.close();
  }
}
await browser.close();
const ms = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
console.log(`click to first frame   ${times.length} joins, ${failed} failed: median ${ms(percentile(times, 0.5))}, 95 % within ${ms(percentile(times, 0.95))}, worst ${ms(Math.max(...times))}`);
process.exitCode = times.length ? 0 : 1;
