// Messages that nobody got: an administrator finds them, sends one again and drops another, on a phone. The gateway is a server that refuses.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, gateway, admin, refuses = true;
const taken = [];

before(async () => {
  gateway = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    if (!refuses) taken.push(JSON.parse(body).to);
    response.writeHead(refuses ? 422 : 202).end();
  }).listen(0, "127.0.0.1");
  await once(gateway, "listening");
  [demo, browser] = [await Demo.start(["--sms-webhook", `http://127.0.0.1:${gateway.address().port}/`]), await launch()];
  admin = await Visitor.enter(browser, { ...PHONE, person: demo.person("organiser"), bypassCSP: true });
  for (const n of [1, 2, 3]) await invite(`1390013900${n}`);
});
after(async () => {
  await browser.close();
  await demo.stop();
  gateway.close();
});

/** Admits an employer whose recruiter is invited by text message. */
async function invite(number) {
  const form = { name_zh: "杭州电子厂", credit_code: "91440300708461136T", recruiter_name: "张丽", recruiter_contact: number };
  const fair = new URL(demo.fair.url).pathname;
  const answer = await admin.context.request.post(`${demo.base_url}${fair}/employers`, { form, headers: { Origin: demo.base_url } });
  assert.equal(answer.status(), 200);
}

const rows = () => admin.page.locator("tbody tr").count();

test("an administrator finds what nobody got, in both languages and on every screen", async () => {
  await until(async () => {
    await admin.page.goto(`${demo.base_url}/console`);
    return admin.page.getByRole("link", { name: "未送达的消息（3）" }).isVisible();
  }, "three messages that nobody got");
  await admin.isFit("undelivered-link-phone");
  await admin.page.getByRole("link", { name: "未送达的消息（3）" }).click();
  await admin.page.locator("tbody tr").first().waitFor();
  assert.equal(await rows(), 3);
  assert.doesNotMatch(await admin.page.content(), /1390013900/);
  await admin.isFit("undelivered-phone-zh");
  for (const [name, preference] of Object.entries({ dark: { theme: "dark" }, large: { size: "large" }, english: { lang: "en" } })) {
    await admin.context.request.post(`${demo.base_url}/preferences`, { form: { ...preference, back: "/" }, headers: { Origin: demo.base_url } });
    await admin.page.reload();
    await admin.isFit(`undelivered-phone-${name}`);
  }
  const small = await admin.page.locator("main :is(.btn, a.btn)").evaluateAll((all) => all.filter((button) => button.getBoundingClientRect().height < 44).map((button) => button.outerHTML));
  assert.deepEqual(small, [], "too small to touch");
  await admin.page.setViewportSize(DESK.viewport);
  await admin.isFit("undelivered-desk");
  await admin.page.setViewportSize(PHONE.viewport);
});

test("one is sent again, one dropped, and the rest sent again with one tap", async () => {
  refuses = false;
  await admin.page.getByRole("button", { name: "Send again 139****9003" }).click();
  await until(async () => (await rows()) === 2, "one less");
  await until(() => taken.includes("13900139003"), "the message at the gateway");
  await admin.page.getByRole("button", { name: "Drop 139****9002" }).focus();
  await admin.page.keyboard.press("Enter");
  await until(async () => (await rows()) === 1, "two less");
  refuses = true;
  await invite("13900139004");
  await until(async () => {
    await admin.page.reload();
    return (await rows()) === 2;
  }, "another that was refused");
  refuses = false;
  await admin.page.getByRole("button", { name: "Send all again" }).click();
  await admin.page.getByText("No undelivered messages").waitFor();
  await until(() => taken.length === 3, "all but the dropped one");
  assert.ok(!taken.includes("13900139002"));
  await admin.isFit("undelivered-none-phone");
  admin.calm();
});
