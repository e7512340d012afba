// Handed on in real browsers: a recruiter hands somebody out of the talk to a colleague, who hands them on to another booth. Each of them is told in
// words what happens now, and the seeker waits at the head there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, room, there, names, recruiter, colleague, other, seeker, early, earlyThere;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const recruiters = demo.people.filter(({ role }) => role === "recruiter");
  const second = recruiters.find((one, n) => recruiters.findIndex(({ room_id }) => room_id === one.room_id) < n);
  const first = recruiters.find(({ room_id }) => room_id === second.room_id);
  const booths = demo.rooms.filter(({ kind, live, id }) => kind === "booth" && !live && id !== second.room_id);
  [room, there] = [demo.rooms.find(({ id }) => id === second.room_id).url, booths[0]];
  names = { seeker: demo.person("seeker").name, colleague: second.name };
  recruiter = await Visitor.enter(browser, { person: first, bypassCSP: true });
  colleague = await Visitor.enter(browser, { ...PHONE, person: second, bypassCSP: true });
  other = await Visitor.enter(browser, { person: recruiters.find(({ room_id }) => room_id === there.id), bypassCSP: true });
  seeker = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker"), bypassCSP: true });
  early = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 1), bypassCSP: true });
  earlyThere = await Visitor.enter(browser, { ...PHONE, person: demo.person("seeker", 2), bypassCSP: true });
});
after(async () => {
  await browser.close();
  await demo.stop();
});

async function lineUp(visitor, url) {
  await visitor.page.goto(`${url}/queue`);
  await visitor.page.click("#join-line");
  await visitor.page.locator("#place[data-state=waiting]").waitFor();
}

/** Calls the next one, who must be the seeker, and both meet. */
async function meet(host) {
  await host.page.locator("#next:enabled").click();
  await seeker.page.locator("#place[data-state=called] #accept").waitFor();
  await seeker.page.click("#accept");
  await Promise.all([seeker, host].map(({ page }) => page.waitForURL(/\/interviews\/[0-9a-f-]{36}\/call$/)));
  await Promise.all([seeker.watches("#remote", 5), host.watches("#remote", 5)]);
}

/** Hands the person on by the form of the desk. */
async function handOn(host, to) {
  await host.page.locator("summary", { hasText: "转给" }).click();
  await host.page.locator("#to").selectOption({ label: to });
  await host.page.locator("form[action$=hand-offs] button").scrollIntoViewIfNeeded();
}

/** Said for some seconds to who takes over, with a sound. */
const hearsOf = (host) => host.page.locator(".toast", { hasText: `${names.seeker}转到您这里了` }).waitFor();

/** A picture of both widths, as somebody's page stands. */
async function isFitOnBoth(visitor, name) {
  const own = visitor.page.viewportSize();
  for (const [screen, size] of [["phone", PHONE.viewport], ["desk", DESK.viewport]]) {
    await visitor.page.setViewportSize(size);
    await visitor.isFit(`${name}-${screen}`);
  }
  await visitor.page.setViewportSize(own);
}

test("out of a talk to a colleague: all three are told, and the seeker stands first, kept for the colleague", async () => {
  await Promise.all([recruiter, colleague].map(({ page }) => page.goto(`${room}/desk`)));
  await lineUp(seeker, room);
  await lineUp(early, room);
  await meet(recruiter);
  await recruiter.page.goto(`${room}/desk`);
  await recruiter.page.locator("#line[data-state=talking]").waitFor();
  await handOn(recruiter, names.colleague);
  await isFitOnBoth(recruiter, "hand-off-form");
  const heard = hearsOf(colleague);
  await recruiter.page.locator("form[action$=hand-offs] button").click();

  await heard;
  await recruiter.page.locator("[data-flash]", { hasText: `已把${names.seeker}转给${names.colleague}，排在最前面` }).waitFor();
  await recruiter.page.locator("ol.list li").first().filter({ hasText: names.seeker }).locator(".badge", { hasText: `留给${names.colleague}` }).waitFor();
  await isFitOnBoth(recruiter, "hand-off-done");

  await colleague.page.locator("ol.list li").first().filter({ hasText: names.seeker }).locator(".badge", { hasText: "转给您的" }).waitFor();
  await isFitOnBoth(colleague, "hand-off-colleague");

  await seeker.page.waitForURL(/\/rooms\/[0-9a-f-]{36}\/queue$/);
  await seeker.page.locator("#place[data-state=waiting][data-position='1']").waitFor();
  await seeker.page.locator("#place .banner", { hasText: `转给了同事${names.colleague}，您排在最前面` }).waitFor();
  await isFitOnBoth(seeker, "hand-off-seeker");
  await early.page.locator("#place[data-position='2']").waitFor();
});

test("the colleague takes the seeker from there", async () => {
  await meet(colleague);
  await seeker.shot("hand-off-meets-phone");
});

test("just after a talk to another booth: the seeker is led there and stands first, before who came early", async () => {
  await other.page.goto(`${there.url}/desk`);
  await lineUp(earlyThere, there.url);
  await colleague.page.locator("#end:not([hidden]) button").click();
  await colleague.page.locator("dialog[open] button[value=ok]").click();
  await colleague.page.click("#to-desk");
  await seeker.page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
  await seeker.isFit("hand-off-over-phone");
  await handOn(colleague, there.title);
  await colleague.isFit("hand-off-away-form-phone");
  const heard = hearsOf(other);
  await colleague.page.locator("form[action$=hand-offs] button").click();
  await heard;
  await colleague.page.locator("[data-flash]", { hasText: `已把${names.seeker}转给` }).waitFor();
  await isFitOnBoth(colleague, "hand-off-away-done");

  await seeker.page.waitForURL(`${there.url}/queue`);
  await seeker.page.locator("#place[data-state=waiting][data-position='1']").waitFor();
  await seeker.page.locator("#place .banner", { hasText: "转到了这个展位，您排在最前面" }).waitFor();
  await isFitOnBoth(seeker, "hand-off-led");

  await other.page.locator("ol.list li").first().filter({ hasText: names.seeker }).locator(".badge", { hasText: "转过来的" }).waitFor();
  await isFitOnBoth(other, "hand-off-other");
  await earlyThere.page.locator("#place[data-position='2']").waitFor();
  await meet(other);
});

test("no page reported an error", () => {
  // A call that is over answers so to who still asks.
  const over = /status of (404|409|410)|response code: 410/;
  for (const each of [recruiter, colleague, other, seeker, early, earlyThere]) {
    each.errors = each.errors.filter((error) => !over.test(error));
    each.calm();
  }
});
