// Personal data in browsers: who looked, taking it back and giving it again, on a phone with scripts and without; deleting an account.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, host, seeker, application;

before(async () => {
  [demo, browser] = [await Demo.start(["--no-stream"]), await launch()];
  host = await Visitor.enter(browser, { person: demo.person("recruiter") });
  seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  await host.page.goto(`${demo.base_url}/interviews`);
  const employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  await seeker.page.goto(`${demo.base_url}/employers/${employer}`);
  const posting = await seeker.page.locator(".posting-card a.stretch").first().getAttribute("href");
  await seeker.page.goto(`${demo.base_url}${posting}/apply`);
  await seeker.page.click("form[enctype] button.btn-primary");
  await seeker.page.waitForURL(/\/applications\/[0-9a-f-]{36}$/);
  application = seeker.page.url();
});
after(async () => {
  await browser.close();
  await demo.stop();
});

test("who looked is shown, and what is taken back is closed until it is given again", async () => {
  await host.page.goto(application);
  await host.page.click("form[action$='/contact'] button");
  await host.page.locator("dd.num strong").waitFor();
  await seeker.page.goto(application);
  await seeker.page.locator("#looks", { hasText: "查看了联系方式" }).waitFor();
  await seeker.isFit("privacy-grant-phone");
  await seeker.page.click("#revoke");
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.locator("#give").waitFor();
  await host.page.goto(application);
  await host.page.locator("#closed", { hasText: "收回了查看授权" }).waitFor();
  assert.equal(await host.page.locator("form[action$='/contact']").count(), 0);
  await seeker.page.click("#give");
  await seeker.page.locator("#revoke").waitFor();
  for (const [path, name] of [["grants", "grants"], ["consents", "consents"], ["data", "data"]]) {
    await seeker.page.goto(`${demo.base_url}/me/${path}`);
    await seeker.isFit(`privacy-${name}-phone`);
  }
});

test("it is taken back and an account is deleted without scripts too", async () => {
  const plain = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), javaScriptEnabled: false });
  await plain.page.goto(`${demo.base_url}/me/grants`);
  await plain.page.click("form[action='/me/grants/revocations'] button");
  await plain.page.getByText("已收回 1 份").waitFor();
  await plain.page.goto(`${demo.base_url}/me/deletion`);
  await plain.page.fill("[name=confirm]", "是");
  await plain.page.click("form[action='/me/deletion'] button");
  await plain.page.locator("#confirm[aria-invalid=true]").waitFor();
  await plain.page.fill("[name=confirm]", "注销");
  await plain.page.click("form[action='/me/deletion'] button");
  await plain.page.locator("#undo").waitFor();
  await plain.page.click("#undo");
  await plain.page.locator("form[action='/me/deletion'] button").waitFor();
  await plain.leave();
});
