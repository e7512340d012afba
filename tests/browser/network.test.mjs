// The network test page: every way seen to work, and each way of not working said in words.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** Opens the page and waits for its verdict. */
async function verdict(visitor) {
  await visitor.page.goto(`${demo.base_url}/network`);
  await visitor.page.locator("#result[data-verdict]").waitFor();
  return visitor.page.getAttribute("#result", "data-verdict");
}

const states = ({ page }) => page.$$eval("[data-test]", (rows) => Object.fromEntries(rows.map((row) => [row.dataset.test, row.dataset.state])));

/** A network that blocks some ways: what the server answers leads to a port where nobody listens. */
async function block({ page }, ...transports) {
  const line = /(a=candidate:\S+ 1 \w+ \d+ \S+) \d+/g;
  await page.route("**/network/whep?*", async (route) => {
    const blocked = transports.includes(new URL(route.request().url()).searchParams.get("transport"));
    const response = await route.fetch();
    const body = await response.text();
    await route.fulfill({ response, body: blocked ? body.replace(line, "$1 9") : body });
  });
}

async function fits({ page }) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `scrolls sideways by ${wide}`);
}

async function isAccessible({ page }) {
  await page.addScriptTag({ path: createRequire(import.meta.url).resolve("axe-core/axe.min.js") });
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  assert.deepEqual(violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id, nodes }) => [id, nodes.map(({ html }) => html.slice(0, 160))]), []);
}

for (const [size, settings] of Object.entries({ phone: PHONE, desk: DESK })) {
  test(`every way works and is said to, on a ${size}`, async () => {
    const visitor = await Visitor.enter(browser, { ...settings, bypassCSP: true, permissions: ["clipboard-read", "clipboard-write"] });
    const sessions = [];
    visitor.page.on("response", (response) => response.status() === 201 && sessions.push(response.headers().location));
    assert.equal(await verdict(visitor), "good");
    assert.deepEqual(await states(visitor), { http: "ok", socket: "ok", udp: "ok", tcp: "ok", web: "ok" });
    assert.match(await visitor.page.textContent("#result-title"), /可以看视频/);
    assert.match(await visitor.page.textContent("[data-test=udp] [data-figures]"), /kbit\/s/);
    await visitor.shot(`network-${size}`);
    await fits(visitor);
    await isAccessible(visitor);
    await visitor.page.click("#copy-report");
    const copied = await visitor.page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /Chrome/);
    assert.equal(copied, await visitor.page.textContent("#report-text"));
    assert.equal(sessions.length, 3, "it connected by each way");
    for (const session of sessions) assert.equal((await visitor.context.request.get(session)).status(), 404, "it ends what it began");
    visitor.calm();
    await visitor.leave();
  });
}

for (const [way, preference] of Object.entries({ english: { lang: "en" }, dark: { theme: "dark" }, large: { size: "large" } })) {
  test(`without UDP video works by a slower way: ${way}`, async () => {
    const visitor = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
    await visitor.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    await block(visitor, "udp");
    assert.equal(await verdict(visitor), "slow");
    const { udp, tcp } = await states(visitor);
    assert.deepEqual([udp, tcp], ["fail", "ok"]);
    if (way === "english") assert.match(await visitor.page.textContent("#result-title"), /slower way/);
    await visitor.shot(`network-slow-phone-${way}`);
    await fits(visitor);
    await isAccessible(visitor);
    visitor.calm();
    await visitor.leave();
  });
}

test("where only the port of pages is open, video comes through that", async () => {
  const visitor = await Visitor.enter(browser, DESK);
  await block(visitor, "udp", "tcp");
  assert.equal(await verdict(visitor), "slow");
  assert.deepEqual(await states(visitor), { http: "ok", socket: "ok", udp: "fail", tcp: "fail", web: "ok" });
  await visitor.shot("network-web-desk");
  visitor.calm();
  await visitor.leave();
});

test("where nothing but pages gets through, that and whom to ask is said", async () => {
  const visitor = await Visitor.enter(browser, PHONE);
  await block(visitor, "udp", "tcp", "web");
  await visitor.page.addInitScript(() => (globalThis.WebSocket = class extends EventTarget {
    constructor() {
      super();
      setTimeout(() => this.dispatchEvent(new Event("close")));
    }
    close() {}
  }));
  assert.equal(await verdict(visitor), "text");
  assert.match(await visitor.page.textContent("#result-text"), new RegExp(`UDP ${demo.ports[1]}`));
  assert.equal((await states(visitor)).socket, "fail");
  await visitor.shot("network-text-phone");
  await fits(visitor);
  await visitor.leave();
});

test("a browser without WebRTC, a server that is gone and one that is full are told apart", async () => {
  const old = await Visitor.enter(browser, PHONE);
  await old.page.addInitScript(() => delete globalThis.RTCPeerConnection);
  assert.equal(await verdict(old), "unsupported");
  await old.shot("network-unsupported-phone");
  await old.leave();
  const cut = await Visitor.enter(browser, PHONE);
  await cut.page.route("**/network.json", (route) => route.abort());
  assert.equal(await verdict(cut), "none");
  assert.equal((await states(cut)).udp, "", "nothing else was tried");
  await cut.shot("network-none-phone");
  // It comes back, and the person asks again.
  await cut.page.unroute("**/network.json");
  await cut.page.route("**/network/whep?*", (route) => route.fulfill({ status: 503, headers: { "Retry-After": "5" }, json: { code: "base-error-overloaded" } }));
  await cut.page.click("#again");
  await cut.page.locator("#result[data-verdict=unknown]").waitFor();
  await cut.shot("network-unknown-phone");
  await cut.leave();
});

test("without JavaScript the page says what the server sees", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false });
  await visitor.page.goto(`${demo.base_url}/network`);
  assert.ok(await visitor.page.isVisible(".no-js.banner"));
  assert.match(await visitor.page.textContent("#seen"), /127\.0\.0\.1 \(IPv4\)/);
  await visitor.shot("network-no-script-phone");
  await visitor.leave();
});

test("a room whose picture cannot come leads to the test", async () => {
  const visitor = await Visitor.enter(browser, PHONE);
  await visitor.page.route("**/whep*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: (await response.text()).replace(/(a=candidate:\S+ 1 \w+ \d+ \S+) \d+/g, "$1 9") });
  });
  await visitor.page.goto(demo.liveRoom().url);
  await visitor.page.locator("#note-network:visible").click({ timeout: 60_000 });
  await visitor.page.waitForURL(/\/network$/);
  await visitor.leave();
});
