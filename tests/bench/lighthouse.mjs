// @ts-check
/**
 * Lighthouse's marks for pages that people come to from search engines, as a phone on a slow network (its own simulation); the median of three runs.
 *
 *     node lighthouse.mjs DEMO_JSON [PAGE...]
 */
import { launch } from 'chrome-launcher';
import lighthouse from 'lighthouse';
import { readDemo } from './demo.mjs';

const demo = readDemo(process.argv[2]);
const { origin } = new URL(demo.fair.url);
const api = async (/** @type {string} */ path) => (await fetch(`${origin}/api/v1${path}`)).json();
const posting = (await api(`/fairs/${demo.fair.id}/postings?limit=1`)).items[0];
/** @type {Record<string, string>} */
const all = { board: `${demo.fair.url}/postings`, posting: posting.url, lobby: demo.fair.url };
const wanted = process.argv.slice(3);
const categories = ['performance', 'accessibility', 'best-practices', 'seo'];
const chrome = await launch({ chromePath: process.env.CHROMIUM ?? '/usr/bin/chromium', chromeFlags: ['--headless=new', '--no-sandbox', '--mute-audio'] });
for (const name of wanted.length ? wanted : Object.keys(all)) {
  /** @type {Record<string, number[]>} */
  const marks = Object.fromEntries(categories.map((category) => [category, []]));
  /** @type {Set<string>} What costs marks. */
  const faults = new Set();
  for (let round = 0; round < 3; round += 1) {
    const result = await lighthouse(all[name], { port: chrome.port, onlyCategories: categories, logLevel: 'error' });
    if (!result) throw new Error('no result');
    for (const category of categories) {
      const { score, auditRefs } = result.lhr.categories[category];
      marks[category].push(Math.round((score ?? 0) * 100));
      for (const { id, weight } of auditRefs) {
        const audit = result.lhr.audits[id];
        if (weight > 0 && audit.score !== null && audit.score < 0.9) faults.add(`${category}: ${audit.title} ${audit.displayValue ?? ''}`.trim());
      }
    }
  }
  const median = (/** @type {number[]} */ list) => [...list].sort((a, b) => a - b)[1];
  console.log(`${name.padEnd(8)} ${categories.map((category) => `${category} ${median(marks[category])}`).join(', ')}`);
  for (const fault of faults) console.log(`         ${fault}`);
}
await chrome.kill();
