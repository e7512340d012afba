// An interview's call in real browsers: waiting at the door, in by a link without an account, three people, screens, words and files, devices that
// fail, what phones of iOS ask for. Pictures count when they are decoded.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch, until } from "./support.mjs";

let demo, browser, second, first, interview, link, seeker, recruiter, colleague;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const recruiters = demo.people.filter(({ role }) => role === "recruiter");
  second = recruiters.find((one, n) => recruiters.findIndex(({ room_id }) => room_id === one.room_id) < n);
  first = recruiters.find(({ room_id }) => room_id === second.room_id);
});
after(async () => {
  await browser.close();
  await demo.stop();
});

/** Whoever comes by the link has a browser in which nobody was ever signed in. */
const stranger = (options = {}) => Visitor.enter(browser, { ...PHONE, bypassCSP: true, ...options });
const decodes = (visitor, count = 10) => visitor.watches("#remote", count);
const tiles = (visitor) => visitor.page.$$eval("#tiles video", (all) => all.map((video) => video.getVideoPlaybackQuality().totalVideoFrames));
/** Each of so many pictures moves. */
async function decodesAll(visitor, count) {
  let before = await tiles(visitor);
  await until(async () => {
    const now = await tiles(visitor);
    if (now.length !== before.length) before = now;
    return now.length === count && now.every((frames, at) => frames >= (before[at] ?? 0) + 8 || (frames < before[at] && frames > 8));
  }, `${count} moving pictures`);
}

/** A connection that has said goodbye cannot be found to be ended. */
function calm(visitor) {
  visitor.errors = visitor.errors.filter((error) => !/status of 404/.test(error));
  visitor.calm();
}

test("the invited person comes by the link in the message, without an account", async () => {
  const booker = await Visitor.enter(browser, { person: demo.person("seeker") });
  await booker.page.goto(`${demo.rooms.find(({ id }) => id === second.room_id).url}/interviews`);
  await booker.page.locator("form[action*='/bookings'] button").first().click();
  await booker.page.locator("dialog[open] button[value=ok]").click();
  await booker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  interview = booker.page.url();
  await booker.leave();
  link = await until(() => demo.log().match(/https?:\/\/[\w.:]+\/join\/[\w.-]+/)?.[0], "the link in the message");
  seeker = await stranger();
  await seeker.page.goto(demo.base_url + new URL(link).pathname);
  await seeker.isFit("calls-join-phone");
  await seeker.page.click("#enter");
  await seeker.page.waitForURL(interview);
  await until(() => seeker.page.$eval("#preview", (video) => video.videoWidth > 0), "the preview");
  await seeker.isFit("calls-check-phone");
});

test("the check plays a tone and tests the network, with advice", async () => {
  await seeker.page.click("#speaker-test");
  await seeker.page.locator("#speaker-note:not([hidden])").waitFor();
  await seeker.page.click("#network-test");
  const verdict = await until(() => seeker.page.getAttribute("#network-note", "data-verdict"), "a verdict");
  assert.equal(verdict, "good");
  assert.match(await seeker.page.textContent("#network-note"), /网络良好/);
  await seeker.shot("calls-network-phone");
});

test("whoever comes first waits, sees for how long and that the others know, and is let in", async () => {
  await seeker.page.click("#join");
  await seeker.page.locator("#waiting-text", { hasText: "已等候 00:0" }).waitFor();
  await seeker.isFit("calls-waiting-phone");
  recruiter = await Visitor.enter(browser, { ...DESK, person: first, bypassCSP: true });
  await recruiter.page.goto(`${interview}/call`);
  await recruiter.page.locator("#door:not([hidden])", { hasText: "在门外等候 00:" }).waitFor();
  await recruiter.isFit("calls-door-desk");
  await seeker.page.locator("#waiting-text", { hasText: "已经看到您" }).waitFor();
  await recruiter.page.click("#admit");
  await Promise.all([decodes(seeker), decodes(recruiter)]);
  assert.equal(await seeker.page.isVisible("#waiting"), false);
  await Promise.all([seeker.isFit("calls-talk-phone"), recruiter.isFit("calls-talk-desk")]);
});

test("they write and send files, and whoever has the chat closed is told", async () => {
  await recruiter.page.click("#talk-open");
  await recruiter.page.fill("#talk-input", "请把身份证和<b>简历</b>发一下");
  await recruiter.page.press("#talk-input", "Enter");
  await seeker.page.locator(".call-unread:not([hidden])", { hasText: "1" }).waitFor();
  await seeker.page.click("#talk-open");
  await seeker.page.locator(".talk-line", { hasText: "请把身份证和<b>简历</b>发一下" }).waitFor();
  await seeker.page.setInputFiles("#talk-file", { name: "简历.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n%%EOF\n") });
  await recruiter.page.locator(".talk-file", { hasText: "简历.pdf" }).waitFor();
  const got = await recruiter.context.request.get(demo.base_url + (await recruiter.page.getAttribute(".talk-file", "href")));
  assert.equal((await got.body()).toString(), "%PDF-1.4\n%%EOF\n");
  await seeker.page.setInputFiles("#talk-file", { name: "a.pdf", mimeType: "application/pdf", buffer: Buffer.from("MZ a program") });
  await seeker.page.locator(".toast", { hasText: "只能上传" }).waitFor();
  await Promise.all([seeker.isFit("calls-chat-phone"), recruiter.isFit("calls-chat-desk")]);
  await Promise.all([seeker, recruiter].map(({ page }) => page.click("#talk-close")));
  seeker.errors = seeker.errors.filter((error) => !/422/.test(error));
});

test("a colleague joins, all three see one another, and a screen is shown large", async () => {
  colleague = await Visitor.enter(browser, { ...DESK, person: second, bypassCSP: true });
  await colleague.page.goto(`${interview}/call`);
  await Promise.all([seeker, recruiter, colleague].map((visitor) => decodesAll(visitor, 2)));
  await Promise.all([seeker.isFit("calls-three-phone"), recruiter.isFit("calls-three-desk")]);
  await colleague.page.evaluate(() => {
    navigator.mediaDevices.getDisplayMedia = async () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
      const pen = canvas.getContext("2d");
      let n = 0;
      setInterval(() => {
        pen.fillStyle = "#fff";
        pen.fillRect(0, 0, 1280, 720);
        pen.fillStyle = "#111";
        pen.font = "64px sans-serif";
        pen.fillText(`岗位说明 ${(n += 1)}`, 80, 200);
      }, 100);
      return canvas.captureStream(10);
    };
  });
  await colleague.page.click("#share");
  for (const visitor of [seeker, recruiter]) {
    await visitor.page.locator("#tiles[data-screen] .tile-remote", { hasText: "屏幕" }).waitFor();
    await decodesAll(visitor, 3);
    await until(() => visitor.page.$eval("#remote", (video) => video.videoWidth === 1280), "the screen is the large picture");
  }
  await Promise.all([seeker.isFit("calls-screen-phone"), recruiter.isFit("calls-screen-desk")]);
  await colleague.page.click("#share");
  await seeker.page.locator("#tiles:not([data-screen])").waitFor();
  await colleague.page.click("#leave");
  await Promise.all([decodesAll(seeker, 1), decodesAll(recruiter, 1)]);
  calm(colleague);
  await colleague.leave();
});

test("sound only spares the picture, and a camera that is unplugged is replaced", async () => {
  await seeker.page.click("#call-more summary");
  await seeker.page.click("#sound-only");
  await seeker.page.locator("#waiting:not([hidden])", { hasText: "只听声音" }).waitFor();
  await seeker.page.click("#call-more summary");
  await seeker.page.click("#sound-only");
  await decodes(seeker);
  await seeker.page.$eval("#local", (video) => {
    const [track] = video.srcObject.getVideoTracks();
    track.stop();
    track.dispatchEvent(new Event("ended"));
  });
  await seeker.page.locator(".toast", { hasText: "已换用" }).waitFor();
  await decodes(recruiter);
});

test("a recruiter finds colleagues to ask or to hand the interview to", async () => {
  await recruiter.page.click("#call-more summary");
  await recruiter.page.click("#colleagues");
  await recruiter.page.locator("dialog[open] .colleague").first().waitFor();
  await recruiter.isFit("calls-colleagues-desk");
  await recruiter.page.locator("dialog[open] .colleague", { hasText: second.name }).getByRole("button", { name: "请加入" }).click();
  await recruiter.page.locator(".toast", { hasText: `已通知 ${second.name}` }).waitFor();
  await until(() => demo.log().includes("请您现在加入"), "the message to the colleague");
});

test("sent back, the seeker neither sees nor is seen, and comes in again", async () => {
  await recruiter.page.click("#call-more summary");
  await recruiter.page.click("#send-back button");
  await recruiter.page.locator("dialog[open] button[value=ok]").click();
  await seeker.page.locator("#waiting-text", { hasText: "外面稍等" }).waitFor();
  assert.equal(await seeker.page.$eval("#remote", (video) => video.srcObject), null);
  await recruiter.page.locator("#door:not([hidden])").waitFor();
  await recruiter.page.click("#admit");
  await Promise.all([decodes(seeker), decodes(recruiter)]);
});

test("a phone of iOS gets what it asks for: inline, quiet at first with a button for the sound, H.264 offered first", async () => {
  const phone = await stranger();
  await phone.page.addInitScript(() => {
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
      if (!this.muted && !globalThis.tapped) return Promise.reject(new DOMException("a tap is needed", "NotAllowedError"));
      return play.call(this);
    };
    document.addEventListener("click", () => (globalThis.tapped = true), true);
  });
  const offers = [];
  phone.page.on("request", (request) => /\/whi?[ep]p?$|\/whe?[ip]p?\?/.test(request.url()) && request.method() === "POST" && offers.push(request.postData() ?? ""));
  await phone.page.goto(demo.base_url + new URL(link).pathname);
  await phone.page.click("#enter");
  await phone.page.goto(`${interview}/call`);
  await decodes(phone);
  const all = await phone.page.$$eval("video", (videos) => videos.map(({ id, playsInline, muted }) => [id, playsInline, muted]));
  assert.deepEqual(all, [["remote", true, true], ["local", true, true]]);
  await phone.page.locator("#sound:not([hidden])").click();
  assert.equal(await phone.page.$eval("#remote", ({ muted }) => muted), false);
  await until(() => offers.length >= 2, "both offers");
  for (const offer of offers) {
    const [, , , payload] = offer.match(/^m=video .*$/m)[0].split(" ");
    assert.match(offer, new RegExp(`a=rtpmap:${payload} H264/90000`));
  }
  // The other window of the same person has been told.
  await seeker.page.locator("#take:not([hidden])").waitFor();
  await phone.leave();
});

test("somebody who denies the camera is told what to do, and hears and sees all the same", async () => {
  const denied = await stranger();
  await denied.page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await denied.page.goto(demo.base_url + new URL(link).pathname);
  await denied.page.click("#enter");
  await denied.page.goto(`${interview}/call`);
  await denied.page.locator(".toast").first().waitFor();
  await decodes(denied);
  await recruiter.page.locator("#waiting:not([hidden])", { hasText: "没有开摄像头" }).waitFor();
  await denied.shot("calls-denied-phone");
  calm(denied);
  await denied.leave();
});

test("no page reported an error", () => {
  for (const visitor of [seeker, recruiter]) calm(visitor);
});
