// Passing a job on in a real browser: the text for a group lands in the clipboard, the card shows in a frame on somebody else's page, what is read
// out and the page of webhooks fit phone and desktop.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, posting, hook;

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream", "--push-anywhere", "true"]), await launch()];
  const { origin } = new URL(demo.person("recruiter").signin_url);
  const api = async (path) => (await fetch(`${origin}/api/v1${path}`)).json();
  const fairs = await api("/fairs");
  posting = (await api(`/fairs/${fairs.items[0].id}/postings?limit=1`)).items[0];
  hook = createServer((request, response) => response.writeHead(request.url === "/dead" ? 503 : 204).end()).listen(0, "127.0.0.1");
  await once(hook, "listening");
});
after(async () => {
  hook.close();
  await browser.close();
  await demo.stop();
});

test("one tap copies what a group is told", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, bypassCSP: true, permissions: ["clipboard-read", "clipboard-write"] });
  await visitor.page.goto(posting.url);
  await visitor.page.click("#share button[data-copy]");
  await visitor.page.locator(".toast", { hasText: "已复制" }).waitFor();
  const copied = await visitor.page.evaluate(() => navigator.clipboard.readText());
  for (const part of [posting.title_zh, posting.employer.name_zh, posting.url]) assert.ok(copied.includes(part), copied);
  await visitor.isFit("share-posting-phone");
  await visitor.page.goto(`${posting.url}/script`);
  await visitor.isFit("share-script-phone");
  visitor.calm();
  await visitor.leave();
});

test("the snippet shows the job in a frame on another site", async () => {
  const visitor = await Visitor.enter(browser);
  await visitor.page.goto(posting.url);
  const snippet = await visitor.page.locator("#share textarea").inputValue();
  const site = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html><title>x</title>${snippet}`));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  await visitor.page.goto(`http://127.0.0.1:${site.address().port}/`);
  const card = visitor.page.frameLocator("iframe");
  await card.locator("h1", { hasText: posting.title_zh }).waitFor();
  assert.equal(await card.locator("a.go").getAttribute("href"), posting.apply_url);
  await visitor.shot("share-card");
  site.close();
  await visitor.leave();
});

test("a recruiter connects a system, tries it and sees what arrived", async () => {
  const visitor = await Visitor.enter(browser, { ...PHONE, person: demo.person("recruiter"), bypassCSP: true });
  const own = await visitor.page.locator("a[href$='/applications']").first().getAttribute("href");
  const page = new URL(own.replace("/applications", "/webhooks"), posting.url).href;
  for (const path of ["ok", "dead"]) {
    await visitor.page.goto(page);
    await visitor.page.fill("#url", `http://127.0.0.1:${hook.address().port}/${path}`);
    await visitor.page.click("form.form button.btn-primary");
    await visitor.page.locator("#secret").waitFor();
    await visitor.page.goto(page);
    await visitor.page.locator("form[action$='/tests'] button").last().click();
    await visitor.page.locator(".flash", { hasText: "测试消息" }).waitFor();
  }
  for (const said of ["已送达", "HTTP 503"]) {
    for (let tries = 0; !(await visitor.page.locator("table", { hasText: said }).count()); tries += 1) {
      assert.ok(tries < 100, said);
      await visitor.page.reload();
    }
  }
  await visitor.isFit("share-webhooks-phone");
  visitor.calm();
  await visitor.leave();
});
