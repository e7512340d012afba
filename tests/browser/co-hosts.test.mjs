// A host names somebody in the room co-host, who leads beside them and is taken back, in three real browsers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

const tab = (visitor, name) => visitor.page.locator(`[role=tab][data-tab=${name}]:visible`).click();

let demo, browser, booth, room, host, coHost, viewer, name;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  booth = demo.freeBooth();
  room = booth.room;
  ({ name } = demo.person("seeker"));
  host = await Visitor.enter(browser, { person: booth.host, bypassCSP: true });
  coHost = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  viewer = await Visitor.enter(browser, PHONE);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("a host finds somebody in the room and names them without leaving the stream", async () => {
  for (const { page } of [coHost, viewer]) await page.goto(room.url);
  await host.page.goto(`${room.url}/studio`);
  await host.page.locator("#go-live:enabled").click();
  await host.page.locator("#on-air[data-status=live]").waitFor();
  await coHost.watches();
  await host.page.locator("#co-hosts-desk > summary").click();
  await host.page.fill("#co-host-q", name);
  await host.page.press("#co-host-q", "Enter");
  await host.page.locator("#co-hosts-found button").first().waitFor();
  await host.page.locator("#co-hosts").scrollIntoViewIfNeeded();
  await host.shot("co-hosts-found");
  await host.page.locator("#co-hosts-found button").first().click();
  await host.page.locator("#co-hosts .badge", { hasText: "联合主持" }).waitFor();
  assert.equal(await host.page.getAttribute("#on-air", "data-status"), "live");
  await coHost.page.locator("#studio-link:not([hidden])").waitFor();
  await coHost.shot("co-hosts-named-phone");
  await viewer.hears("来联合主持了");
});

test("the co-host is on stage and leads, with a badge for everybody", async () => {
  await coHost.page.goto(`${room.url}/studio`);
  await coHost.page.locator("#go-live:enabled").click();
  await coHost.page.locator("#on-air[data-status=live]").waitFor();
  assert.equal(await coHost.page.locator("form[action$='/stream/end'], #make-token, #co-host-search").count(), 0);
  await coHost.shot("co-hosts-studio-phone");
  await viewer.watches();
  await viewer.page.locator("#panel .seat:not([hidden])").waitFor();
  await coHost.says("大家有问题可以举手");
  await viewer.line("大家有问题可以举手").locator(".badge", { hasText: "联合主持" }).waitFor();
  await viewer.shot("co-hosts-viewer-phone");
  assert.equal(await coHost.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
});

test("taken back, they are off the stage and back in the room, and the stream goes on", async () => {
  coHost.page.on("dialog", (dialog) => dialog.accept());
  await host.page.locator("#co-hosts form[action$='/undo'] button").click();
  await coHost.page.waitForURL(room.url);
  await coHost.page.locator("#hand:not([hidden])").waitFor();
  assert.equal(await coHost.page.isHidden("#studio-link"), true);
  await viewer.page.locator("#panel").waitFor({ state: "hidden" });
  await viewer.watches();
});

test("from the menu of a message: named, and the open page has what leads, without losing what is being written", async () => {
  await coHost.page.goto(room.url);
  await coHost.says("我可以帮忙主持");
  await tab(coHost, "questions");
  await coHost.page.fill("[data-ask] textarea", "还没写完的问题");
  await viewer.page.goto(room.url);
  await tab(viewer, "questions");
  await viewer.page.fill("[data-ask-name] input[name=name]", "老张");
  await viewer.page.press("[data-ask-name] input[name=name]", "Enter");
  await viewer.page.fill("[data-ask] textarea", "包吃住吗？");
  await viewer.page.press("[data-ask] textarea", "Enter");
  const asked = coHost.page.locator("#panel-questions .ask", { hasText: "包吃住吗" });
  await asked.waitFor();
  assert.equal(await coHost.page.locator(".ask-tools, .asks-host, [data-make]").count(), 0);

  const menu = host.page.locator("dialog[open]");
  const open = () => host.line("我可以帮忙主持").locator(".msg-actions").click();
  await host.page.goto(room.url);
  await open();
  await menu.locator("button", { hasText: "设为联合主持" }).scrollIntoViewIfNeeded();
  await host.isFit("co-hosts-menu-desk");
  await menu.locator("button", { hasText: "设为联合主持" }).click();
  await host.page.locator(".toast", { hasText: "已处理：设为联合主持" }).waitFor();
  await coHost.page.locator(".toast", { hasText: "您现在是联合主持" }).waitFor();
  await asked.locator(".ask-take").waitFor();
  await coHost.isFit("co-hosts-questions-phone");
  assert.equal(await coHost.page.inputValue("[data-ask] textarea"), "还没写完的问题");
  await asked.locator(".ask-take").click();
  await viewer.page.locator("#answering:not([hidden])", { hasText: "包吃住吗" }).waitFor();
  await tab(coHost, "polls");
  await coHost.page.locator("[data-make] summary").click();
  await coHost.page.fill("#question", "您想上哪个班？");
  await coHost.page.locator("[data-make-poll] input[name=options]").nth(0).fill("白班");
  await coHost.page.locator("[data-make-poll] input[name=options]").nth(1).fill("夜班");
  await coHost.page.locator("[data-make-poll] button").click();
  await viewer.page.locator("#poll-strip:not([hidden])", { hasText: "您想上哪个班" }).waitFor();
  await coHost.page.locator("[data-end-poll]:not([hidden])").waitFor();
  await coHost.isFit("co-hosts-polls-phone");
  await tab(coHost, "chat");
  await coHost.page.locator(".chat-rules a").first().waitFor();

  await open();
  await menu.locator("button", { hasText: "收回联合主持" }).click();
  await coHost.page.locator(".toast", { hasText: "您的联合主持已结束" }).waitFor();
  assert.equal(await coHost.page.locator(".toast", { hasText: "您现在是联合主持" }).count(), 0);
  await asked.locator(".ask-take").waitFor({ state: "detached" });
  assert.equal(await coHost.page.locator(".ask-tools, .asks-host, [data-make], [data-end-poll], .chat-rules, [data-questions-waiting]").count(), 0);
  assert.equal(await coHost.page.inputValue("[data-ask] textarea"), "还没写完的问题");
  await tab(coHost, "questions");
  await coHost.isFit("co-hosts-over-phone");

  await host.page.locator(".toast button", { hasText: "撤销" }).last().click();
  await asked.locator(".ask-done").waitFor();
  await tab(coHost, "polls");
  await coHost.page.locator("[data-end-poll] button").click();
  await coHost.page.locator("dialog[open] button[value=ok]").click();
  await viewer.page.locator("#poll-strip").waitFor({ state: "hidden" });
});

test("a page that was away when it was told finds out as it comes back", async () => {
  const page = await coHost.context.newPage();
  let socket;
  // What passed while the page was away, and is too long ago to be told again.
  await page.routeWebSocket(/\/socket$/, (client) => {
    socket = client;
    client.connectToServer().onMessage((frame) => client.send(String(frame).replace('"type":"co-host"', '"type":"missed"')));
  });
  await page.goto(room.url);
  await page.locator("[data-chat][data-state=open]").waitFor();
  for (const presents of [false, true]) {
    await page.locator("[role=tab][data-tab=questions]:visible").click();
    await page.locator(".ask .ask-done").first().waitFor({ state: presents ? "detached" : "visible" });
    await host.line("我可以帮忙主持").locator(".msg-actions").click();
    await host.page.locator("dialog[open] button", { hasText: presents ? "设为联合主持" : "收回联合主持" }).click();
    await coHost.page.locator(".toast", { hasText: presents ? "您现在是联合主持" : "您的联合主持已结束" }).waitFor();
    assert.equal(await page.locator(".ask-tools").count() > 0, !presents, "not told");
    await socket.close();
    await page.locator(".toast", { hasText: presents ? "您现在是联合主持" : "您的联合主持已结束" }).waitFor();
    await page.locator(".ask .ask-done").first().waitFor({ state: presents ? "visible" : "detached" });
  }
  await page.close();
});

for (const [way, preference] of Object.entries({ plain: { lang: "zh-CN" }, english: { lang: "en" }, large: { size: "large" }, dark: { theme: "dark" } })) {
  test(`the pages of co-hosts fit phone and desktop and are accessible: ${way}`, async () => {
    for (const [screen, size] of [["phone", PHONE], ["desk", {}]]) {
      const visitor = await Visitor.enter(browser, { ...size, person: booth.host, bypassCSP: true });
      await visitor.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
      await visitor.page.goto(`${room.url}/co-hosts?q=${encodeURIComponent("没有这个人")}`);
      await visitor.isFit(`co-hosts-nobody-${screen}-${way}`);
      await visitor.page.goto(`${room.url}/co-hosts`);
      await visitor.page.locator("#co-hosts .badge").waitFor();
      await visitor.isFit(`co-hosts-page-${screen}-${way}`);
      await visitor.page.goto(`${room.url}/studio`);
      await visitor.page.locator("#co-hosts-desk > summary").click();
      await visitor.page.locator("#co-hosts").scrollIntoViewIfNeeded();
      await visitor.isFit(`co-hosts-studio-${screen}-${way}`);
      visitor.calm();
      await visitor.leave();
      const led = await Visitor.enter(browser, { ...size, person: demo.person("seeker"), bypassCSP: true });
      await led.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
      await led.page.goto(`${room.url}/studio`);
      await led.isFit(`co-hosts-own-studio-${screen}-${way}`);
      led.calm();
      await led.leave();
    }
  });
}

test("no page reported an error", () => {
  // So the studio of somebody who is co-host no more is answered until they are out of it.
  const over = /status of 404/;
  for (const each of [host, coHost, viewer]) {
    each.errors = each.errors.filter((error) => !over.test(error));
    each.calm();
  }
});
