// How a call comes about and what it bears, in two browsers, as rows of a markdown table: how long two people wait for one another, what of the
// sound comes over a network that loses, and how soon pictures are back after an outage. The last two go over a cable between two namespaces of the
// kernel, which needs root. BINARY (or SPRINGBREEZE_BINARY) names the program, ROUNDS how often.
process.env.SPRINGBREEZE_BINARY ??= process.env.BINARY;
const { Demo, Visitor, launch, until } = await import("../browser/support.mjs");
const { Cable, NO_CABLE } = await import("../browser/cable.mjs");
const { CabledCall } = await import("../browser/cabled-call.mjs");

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const OUTAGES = Math.ceil(ROUNDS / 2);
const WAIT_MS = 1500;
const BACK_MS = 2000;
const IN_TIME = 0.9;

const watch = () => {
  const look = () => {
    const video = document.querySelector("#remote");
    if (video?.getVideoPlaybackQuality?.().totalVideoFrames > 0) globalThis.firstFrame = Date.now();
    else requestAnimationFrame(look);
  };
  document.addEventListener("DOMContentLoaded", look);
};

const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
let missed = false;

/** A row of the table. */
function row(figure, measured, reach, reached) {
  missed ||= !reached;
  console.log(`| ${figure} | ${measured}${reached ? "" : " (missed)"} | ${reach} |`);
}

const times = (figure, all, limit) => row(figure, `median ${median(all)} ms, worst ${Math.max(...all)} ms of ${all.length}`, `≤ ${limit} ms`, median(all) <= limit);

/** From a click until both decode the other's picture: both join; the recruiter lets in whoever waits, by joining or within the call. */
async function joins() {
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
  for (const browser of browsers) await browser.close();
  await demo.stop();
  for (const [what, all] of Object.entries(results)) times(`${what}, until both decode`, all, WAIT_MS);
}

/** What a call bears over a cable that loses a tenth both ways, and that is dead for five seconds. */
async function network() {
  const cable = Cable.lay();
  if (!cable) return console.log(`| loss and outages | not measured: ${NO_CABLE} | |`);
  const call = await CabledCall.begin(cable);
  await call.meet();
  const heard = [];
  for (let round = 0; round < OUTAGES; round += 1) heard.push(...(await call.heard("numgen random mod 100 < 10", 15)));
  const share = (all) => `${(100 * all).toFixed(1)} %`;
  row("sound in time with 10 % of all packets lost both ways", `${share(heard.reduce((a, b) => a + b) / heard.length)}, worst ${share(Math.min(...heard))} of ${heard.length}`, `≥ ${share(IN_TIME)}`, Math.min(...heard) >= IN_TIME);
  for (const [figure, switched] of [
    ["pictures back after 5 s without a packet", (off) => cable.loses(off ? "meta mark 0" : "")],
    ["pictures back after 5 s without the plug", (off) => cable.plug(!off)],
  ]) {
    const back = [];
    for (let round = 0; round < OUTAGES; round += 1) {
      back.push(Math.max(...(await call.outage(5000, switched))));
      await Promise.all(call.both.map((visitor) => visitor.watches("#remote", 60)));
    }
    times(figure, back, BACK_MS);
  }
  await call.end();
  cable.cut();
}

console.log("| figure | measured | reach |\n|---|---|---|");
await joins();
await network();
process.exitCode = missed ? 1 : 0;
