// @ts-check
/**
 * What the first visit of a page costs on the wire before any media: every request, compressed, headers included.
 *
 *     node weights.mjs DEMO_JSON
 */
import { chromium } from 'playwright-core';
import { liveRoom, readDemo } from './demo.mjs';

const demo = readDemo(process.argv[2]);
/** @type {[string, string, number][]} Page, address and budget in KB. */
const pages = [
  ['lobby', demo.fair.url, 60],
  ['board', `${demo.fair.url}/postings`, 60],
  ['room', liveRoom(demo).url, 120],
];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--mute-audio'] });
for (const [name, url, budget] of pages) {
  const context = await browser.newContext({ viewport: { width: 360, height: 780 } });
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await wire.send('Network.enable');
  let bytes = 0;
  let requests = 0;
  let status = 0;
  /** @type {Set<string>} */
  const strangers = new Set();
  wire.on('Network.loadingFinished', (event) => { bytes += event.encodedDataLength; requests += 1; });
  wire.on('Network.requestWillBeSent', (event) => {
    const address = new URL(event.request.url);
    if (address.protocol.startsWith('http') && address.host !== new URL(url).host) strangers.add(address.host);
  });
  status = (await page.goto(url, { waitUntil: 'load' }))?.status() ?? 0;
  // What modules ask for after the load event belongs to the first visit too.
  await page.waitForTimeout(1_500);
  const kilobytes = (bytes / 1_000).toFixed(1);
  console.log(`${name.padEnd(6)} ${kilobytes.padStart(7)} KB of ${budget} in ${requests} requests, status ${status}, third parties: ${[...strangers].join(' ') || 'none'}`);
  await context.close();
}
await browser.close();
