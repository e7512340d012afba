// Somebody says how they want to be told, on a phone; the bell tells on any page; a browser takes push messages. Google's push service is out of reach here, so
// Chromium gets its subscription from a push service of this test and the message by the developer tools; permission, worker and sealing are real.
import assert from "node:assert/strict";
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, seeker, host, service, interview;
const sent = [];
const keys = createECDH("prime256v1");
keys.generateKeys();
const auth = randomBytes(16);
const send = (visitor, to, options = {}) => visitor.context.request.post(`${demo.base_url}${to}`, { headers: { Origin: demo.base_url, Accept: "application/json" }, ...options });

before(async () => {
  service = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    sent.push({ headers: request.headers, body: Buffer.concat(parts) });
    response.writeHead(201).end();
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  [demo, browser] = [await Demo.start(["--no-stream", "--push-anywhere", "true"]), await launch()];
  seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true, permissions: ["camera", "microphone", "notifications"] });
  host = await Visitor.enter(browser, { person: demo.person("recruiter"), bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
  service.close();
});

async function book() {
  await host.page.goto(`${demo.base_url}/interviews`);
  const employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
  await seeker.page.goto(`${demo.base_url}/employers/${employer}`);
  const posting = await seeker.page.locator(".posting-card a.stretch").first().getAttribute("href");
  await seeker.page.goto(`${demo.base_url}${posting}/interviews`);
  await seeker.page.locator("form[action*='/bookings'] button").last().click();
  await seeker.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  return new URL(seeker.page.url()).pathname;
}

/** What a browser reads in a message (RFC 8291), by Node's own cryptography. */
function opened(body) {
  const [salt, theirs, record] = [body.subarray(0, 16), body.subarray(21, 86), body.subarray(86)];
  const derive = (salt, secret, info, length) => Buffer.from(hkdfSync("sha256", secret, salt, info, length));
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), keys.getPublicKey(), theirs]);
  const secret = derive(auth, keys.computeSecret(theirs), info, 32);
  const decipher = createDecipheriv("aes-128-gcm", derive(salt, secret, "Content-Encoding: aes128gcm\0", 16), derive(salt, secret, "Content-Encoding: nonce\0", 12));
  decipher.setAuthTag(record.subarray(-16));
  const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  return plain.subarray(0, plain.lastIndexOf(2)).toString();
}

test("the page of settings fits a phone in every look, and says what it does", async () => {
  await seeker.page.goto(`${demo.base_url}/me/telling`);
  await seeker.isFit("telling-settings-phone");
  assert.equal(await seeker.page.inputValue("#zone"), "Asia/Shanghai", "the zone of the browser");
  await seeker.page.check("#on");
  await seeker.page.fill("#zone", "Mars/Olympus");
  await seeker.page.locator("#quiet button.btn-primary").click();
  await seeker.page.locator("#zone-error").waitFor();
  assert.equal(await seeker.page.inputValue("#zone"), "Mars/Olympus");
  await seeker.page.locator("#zone-error").scrollIntoViewIfNeeded();
  await seeker.isFit("telling-settings-wrong-phone");
  await seeker.page.fill("#zone", "Asia/Shanghai");
  await seeker.page.locator("#quiet button.btn-primary").click();
  await seeker.page.getByText("已保存").waitFor();
  assert.ok(await seeker.page.isChecked("#on"));
  for (const [name, preference] of Object.entries({ dark: { theme: "dark" }, large: { size: "large" }, english: { lang: "en", theme: "light", size: "normal" } })) {
    await send(seeker, "/preferences", { form: { ...preference, back: "/" } });
    await seeker.page.reload();
    await seeker.isFit(`telling-settings-${name}-phone`);
  }
  await seeker.page.setViewportSize(DESK.viewport);
  await seeker.isFit("telling-settings-desk");
  await seeker.page.setViewportSize(PHONE.viewport);
  await send(seeker, "/preferences", { form: { lang: "zh-CN", back: "/" } });
  const small = await seeker.page.locator("main :is(.btn, a.btn)").evaluateAll((all) => all.filter((button) => button.getBoundingClientRect().height < 44).map((button) => button.outerHTML));
  assert.deepEqual(small, [], "too small to touch");
});

test("the address of a calendar is shown once and works", async () => {
  await seeker.page.goto(`${demo.base_url}/me/telling`);
  await seeker.page.locator("#calendar form[action='/me/calendar'] button").click();
  const url = await seeker.page.inputValue("#calendar-url");
  await seeker.page.locator("#calendar").scrollIntoViewIfNeeded();
  await seeker.isFit("telling-calendar-phone");
  const answer = await seeker.context.request.get(`${demo.base_url}${new URL(url).pathname}`);
  assert.match(await answer.text(), /^BEGIN:VCALENDAR/);
  await seeker.page.goto(`${demo.base_url}/me/telling`);
  assert.equal(await seeker.page.locator("#calendar-url").count(), 0);
});

test("a browser asks, registers its worker, and says so if its push service cannot be reached", async () => {
  await seeker.page.goto(`${demo.base_url}/me/telling`);
  await seeker.page.click("#push-on");
  await until(() => seeker.page.evaluate(async () => (await navigator.serviceWorker.getRegistration("/"))?.active?.scriptURL.endsWith("/push-worker.js")), "the worker");
  await until(async () => (await seeker.page.textContent("#push-state")).includes("没能开启"), "what is wrong");
  assert.ok(await seeker.page.isEnabled("#push-on"), "to be tried again");
});

test("with a push service messages arrive sealed, and the worker shows them", async () => {
  const p256dh = keys.getPublicKey("base64url");
  const fake = { endpoint: `http://127.0.0.1:${service.address().port}/push/1`, keys: { p256dh, auth: auth.toString("base64url") } };
  await seeker.page.addInitScript((fake) => {
    PushManager.prototype.subscribe = async function ({ userVisibleOnly, applicationServerKey }) {
      if (!userVisibleOnly || new Uint8Array(applicationServerKey).length !== 65) throw new Error("no key");
      return { toJSON: () => fake };
    };
  }, fake);
  await seeker.page.goto(`${demo.base_url}/me/telling`);
  await seeker.page.click("#push-on");
  await seeker.page.locator("#push ul li").waitFor();
  await seeker.isFit("telling-push-phone");
  await seeker.page.locator("#quiet form").evaluate((form) => {
    form.querySelector("#on").checked = false;
    form.submit();
  });
  await seeker.page.getByText("已保存").waitFor();
  interview = await book();
  await seeker.page.locator("#reminders").waitFor();
  await seeker.isFit("telling-interview-phone");
  await until(() => sent.length > 0, "a message for the browser");
  assert.ok(sent[0].headers.authorization.startsWith("vapid t=") && Number(sent[0].headers.ttl) > 0);
  assert.equal(sent[0].headers["content-encoding"], "aes128gcm");
  const told = JSON.parse(opened(sent[0].body));
  assert.equal(told.url, interview);
  const cdp = await seeker.context.newCDPSession(seeker.page);
  let registration;
  cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => (registration = registrations.find(({ isDeleted }) => !isDeleted) ?? registration));
  await cdp.send("ServiceWorker.enable");
  await until(() => registration, "the registration");
  await cdp.send("ServiceWorker.deliverPushMessage", { origin: demo.base_url, registrationId: registration.registrationId, data: JSON.stringify(told) });
  const shown = await until(async () => {
    const found = await seeker.page.evaluate(async () => {
      const worker = await navigator.serviceWorker.getRegistration("/");
      return (await worker.getNotifications()).map(({ title, body, data }) => ({ title, body, url: data.url }));
    });
    return found.length > 0 && found;
  }, "the notice of the browser");
  assert.deepEqual(shown, [{ title: told.title, body: told.body, url: interview }]);
});

test("the bell counts what is new on any page, leads there, and is quiet once it is seen", async () => {
  await seeker.page.goto(`${demo.base_url}/`);
  await seeker.page.evaluate(() => sessionStorage.clear());
  await seeker.page.reload();
  const count = seeker.page.locator("[data-bell-count]");
  await count.waitFor();
  await seeker.page.locator(".toast").waitFor();
  await seeker.isFit("telling-bell-phone");
  assert.match(await seeker.page.textContent("[data-bell-text]"), /通知，\d+ 条未读/);
  await seeker.page.locator("[data-bell]").focus();
  await seeker.page.keyboard.press("Enter");
  await seeker.page.waitForURL(/\/me\/notices$/);
  await seeker.isFit("telling-notices-phone");
  await seeker.page.getByRole("button", { name: "全部标为已读" }).click();
  await seeker.page.locator("main .badge-brand").waitFor({ state: "detached" });
  await seeker.page.evaluate(() => sessionStorage.clear());
  await seeker.page.goto(`${demo.base_url}/`);
  await until(async () => (await seeker.page.textContent("[data-bell-text]")) === "通知", "nothing new");
  assert.ok(await count.isHidden());
  await host.page.goto(`${demo.base_url}/me/notices`);
  await host.isFit("telling-notices-desk");
  assert.ok((await host.page.locator("main li a.stretch").count()) > 0, "recruiters too");
});

test("whoever signs out gets no more there", async () => {
  await seeker.page.goto(`${demo.base_url}/me/telling`);
  await seeker.page.locator(".site-tools details.menu").last().locator("summary").click();
  await seeker.page.locator("form[action='/signout'] button").click();
  await seeker.page.locator(".site-tools a[href='/signin']").waitFor();
  assert.equal(await seeker.page.locator("[data-bell]").count(), 0);
  // The form that was refused on purpose, and what Chromium says of push in a window without a profile.
  seeker.errors = seeker.errors.filter((error) => !/422|Push API in incognito/.test(error));
  seeker.calm();
  host.calm();
});
