// The line of a booth in real browsers: a guest on a phone lines up, reloads, and is taken into a video talk; nothing costs the place, not even a
// server that dies. And its pages fit phone and desktop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, room, host, seeker, second;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const booth = demo.freeBooth(1);
  room = booth.room.url;
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  seeker = await Visitor.enter(browser, { ...PHONE, bypassCSP: true });
  second = await Visitor.enter(browser, { person: demo.person("seeker"), bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("an empty booth says so, and offers to call back", async () => {
  await second.page.goto(room);
  await second.page.locator("#line", { hasText: "现在" }).waitFor();
  await second.page.click("#line a.btn");
  await second.page.locator("button[name=call_back]").waitFor();
  await second.isFit("queue-empty-desk");
  await seeker.page.goto(`${room}/queue`);
  await seeker.isFit("queue-empty-phone");
});

test("a guest lines up by a name alone, and a reload costs nothing", async () => {
  await host.page.goto(`${room}/desk`);
  await host.isFit("queue-desk-none-desk");
  await seeker.page.goto(`${room}/queue`);
  await seeker.page.fill("#name", "老张");
  await seeker.page.press("#name", "Enter");
  await seeker.page.locator("#join-line").waitFor();
  await seeker.isFit("queue-join-phone");
  await seeker.page.click("#join-line");
  await seeker.page.locator("#place[data-state=waiting]", { hasText: "第 1 位" }).waitFor();
  await host.page.locator("ol.list li", { hasText: "老张" }).waitFor();
  await second.page.goto(`${room}/queue`);
  await second.page.click("#join-line");
  await second.page.locator("#place", { hasText: "第 2 位" }).waitFor();
  await seeker.page.reload();
  await seeker.page.locator("#place", { hasText: "第 1 位" }).waitFor();
  await seeker.isFit("queue-waiting-phone");
  await second.isFit("queue-waiting-desk");
  await host.isFit("queue-desk-desk");
  await second.page.goto(room);
  await second.page.locator("#line[data-own]", { hasText: "第 2 位" }).waitFor();
  await second.shot("queue-room-desk");
  await second.page.goto(`${room}/queue`);
});

test("the place outlives a server that dies", async () => {
  await demo.kill();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await demo.run();
  await seeker.page.reload();
  await seeker.page.locator("#place[data-state=waiting]", { hasText: "第 1 位" }).waitFor();
});

test("the recruiter takes the next one by a key, both accept and meet", async () => {
  await host.page.goto(`${room}/desk`);
  await until(async () => {
    await host.page.locator("h1").click();
    await host.page.keyboard.press("n");
    return host.page.locator("#line[data-state=called]").waitFor({ timeout: 2000 }).then(() => true, () => false);
  }, "a call");
  await seeker.page.locator("#place[data-state=called] #accept").waitFor();
  assert.match(await seeker.page.title(), /轮到您|排队/);
  await Promise.all([seeker.isFit("queue-called-phone"), host.isFit("queue-calling-desk")]);
  await second.page.locator("#place", { hasText: "第 1 位" }).waitFor();
  await seeker.page.click("#accept");
  await Promise.all([seeker, host].map((visitor) => visitor.page.waitForURL(/\/interviews\/[0-9a-f-]{36}\/call$/)));
  await Promise.all([seeker.watches("#remote"), host.watches("#remote")]);
  await seeker.shot("queue-call-phone");
});

test("after the talk the desk has the next one, and the last one at hand", async () => {
  await host.page.locator("#end:not([hidden]) button").click();
  await host.page.locator("dialog[open] button[value=ok]").click();
  await host.page.click("#to-desk");
  await host.page.locator("#continue").waitFor();
  await host.page.locator("#next:enabled").waitFor();
  await host.isFit("queue-desk-after-desk");
  await host.page.locator("button[name=mode][value=auto]").click();
  await host.page.locator("#line[data-state=called] #accept").waitFor();
  await second.page.locator("#place[data-state=called] #accept").click();
  await host.page.locator("#accept").click();
  await Promise.all([second, host].map((visitor) => visitor.page.waitForURL(/\/call$/)));
  const narrow = await Visitor.enter(browser, { ...PHONE, person: demo.freeBooth(1).host, bypassCSP: true });
  await narrow.page.goto(`${room}/desk`);
  await narrow.page.locator("#line[data-state=talking]").waitFor();
  await narrow.isFit("queue-desk-phone");
  await narrow.page.locator("summary", { hasText: "转给" }).click();
  await narrow.shot("queue-hand-phone");
  await narrow.page.click("#end");
  await narrow.page.locator("dialog[open] button[value=ok]").click();
  await narrow.page.locator("#continue").waitFor();
  await narrow.leave();
});

for (const [way, preference] of Object.entries({ english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`the pages of the line fit a phone and are accessible: ${way}`, async () => {
    const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 1), bypassCSP: true });
    await visitor.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    await visitor.page.goto(`${room}/queue`);
    if (await visitor.page.locator("#join-line").count()) await visitor.page.click("#join-line");
    await visitor.page.locator("#place").waitFor();
    await visitor.isFit(`queue-waiting-phone-${way}`);
    await visitor.leave();
  });
}

test("without JavaScript a guest lines up, sees the place and leaves", async () => {
  const guest = await Visitor.enter(browser, { ...PHONE, javaScriptEnabled: false });
  await guest.page.goto(`${room}/queue`);
  await guest.page.fill("#name", "老李");
  await guest.page.click("form[action='/guest'] button");
  await guest.page.click("#join-line");
  await guest.page.locator("#place[data-state=waiting]").waitFor();
  await guest.shot("queue-no-script-phone");
  await guest.page.click("#ticket");
  await guest.page.locator("#place[data-state=waiting]").waitFor();
  await guest.page.click("#leave-line");
  await guest.page.locator("#place[data-state=left]").waitFor();
  await guest.leave();
});

test("whoever leaves is asked first, and no page reported an error", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 1) });
  await visitor.page.goto(`${room}/queue`);
  await visitor.page.click("#leave-line");
  await visitor.page.locator("dialog[open]").waitFor();
  await visitor.shot("queue-leave-phone");
  await visitor.page.locator("dialog[open] button[value=ok]").click();
  await visitor.page.locator("#place[data-state=left]").waitFor();
  // What the network refused while the server was away is no fault of the pages.
  const excused = /Failed to load resource|WebSocket connection to|ERR_/;
  for (const each of [host, seeker, second, visitor]) {
    each.errors = each.errors.filter((error) => !excused.test(error));
    each.calm();
  }
});
