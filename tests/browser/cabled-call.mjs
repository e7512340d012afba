// A call over a cable: the recruiter on the server's side, the seeker on the other, and what comes over to both.
import { Demo, PHONE, Visitor, keepConnections, launch, until } from "./support.mjs";

/** Of all connections of a page that stand: what its sound is made of, and by which transport its media goes. */
const figures = async () => {
  const all = [];
  for (const pc of globalThis.pcs) if (pc.connectionState === "connected") for (const [, entry] of await pc.getStats()) all.push(entry);
  const pairs = all.filter(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  const transports = pairs.map(({ localCandidateId }) => all.find(({ id }) => id === localCandidateId)?.protocol);
  const heard = all.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio") ?? {};
  return {
    transports: [...new Set(transports)],
    concealed: heard.concealedSamples - heard.silentConcealedSamples,
    samples: heard.totalSamplesReceived,
  };
};

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const frames = ({ page }) => page.$eval("#remote", (video) => video.getVideoPlaybackQuality().totalVideoFrames);

export class CabledCall {
  /** @param {import("./cable.mjs").Cable} cable */
  static async begin(cable) {
    const call = new CabledCall();
    call.cable = cable;
    call.demo = await Demo.start([], cable);
    call.browsers = [await launch({ cable, side: "server" }), await launch({ cable, side: "browser" })];
    const booth = call.demo.freeBooth();
    call.recruiter = await Visitor.enter(call.browsers[0], { person: booth.host });
    call.seeker = await Visitor.enter(call.browsers[1], { ...PHONE, person: call.demo.person("seeker") });
    call.both = [call.seeker, call.recruiter];
    for (const { context } of call.both) await context.addInitScript(keepConnections);
    const { page } = call.seeker;
    await page.goto(`${booth.room.url}/interviews`);
    await page.locator("form[action*='/bookings'] button").first().click();
    await page.locator("dialog[open] button[value=ok]").click();
    await page.waitForURL(/\/interviews\/[0-9a-f-]{36}$/);
    call.interview = page.url();
    return call;
  }

  /** Both come in and see one another. */
  async meet() {
    await this.recruiter.page.goto(`${this.interview}/call`);
    await this.seeker.page.goto(`${this.interview}/call`);
    const door = this.recruiter.page.locator("#door:not([hidden]) #admit");
    await Promise.race([door.click(), this.seeker.page.locator("#call[data-in='1']").waitFor()]).catch(() => {});
    await Promise.all(this.both.map((visitor) => visitor.watches("#remote", 10)));
  }

  figures() {
    return until(async () => {
      const all = await Promise.all(this.both.map(({ page }) => page.evaluate(figures)));
      return all.every(({ samples }) => samples > 0) && all;
    }, "sound on both sides");
  }

  /** What share of the sound comes in time to the seeker and to the recruiter while `match` is lost; the rest is made up. */
  async heard(match, seconds) {
    this.cable.loses(match);
    await sleep(3000);
    const before = await this.figures();
    await sleep(seconds * 1000);
    const after = await this.figures();
    this.cable.loses("");
    return after.map((now, n) => 1 - (now.concealed - before[n].concealed) / (now.samples - before[n].samples));
  }

  /** How many ms after an outage of so long the seeker's and the recruiter's pictures move again. @param {(off: boolean) => void} switched */
  async outage(ms, switched) {
    switched(true);
    await sleep(ms);
    const still = await Promise.all(this.both.map(frames));
    switched(false);
    const begun = Date.now();
    return Promise.all(this.both.map(async (visitor, n) => {
      await until(async () => {
        const now = await frames(visitor);
        return now > still[n] || (now < still[n] && now > 0);
      }, "a picture", 15_000);
      return Date.now() - begun;
    }));
  }

  async end() {
    for (const browser of this.browsers) await browser.close();
    await this.demo.stop();
  }
}
