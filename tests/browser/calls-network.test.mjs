// A call over a bad network, in real browsers: one side by TCP alone; a tenth of all packets lost both ways; five seconds of nothing at all, and of
// a plug that is pulled. How well it does is measured by `bin/bench interviews`; a machine that runs tests may be busy just then.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Cable, NO_CABLE } from "./cable.mjs";
import { CabledCall } from "./cabled-call.mjs";

const cable = Cable.lay();

describe("over a cable", { skip: cable ? false : NO_CABLE }, () => {
  /** @type {CabledCall} */
  let call;
  before(async () => (call = await CabledCall.begin(cable)));
  after(async () => {
    await call?.end();
    cable.cut();
  });

  test("a side that has TCP alone meets the other", async () => {
    cable.loses("meta l4proto udp");
    await call.meet();
    const [seeker, recruiter] = await call.figures();
    assert.deepEqual([seeker.transports, recruiter.transports], [["tcp"], ["udp"]]);
    cable.loses("");
  });

  test("with a tenth of all packets lost both ways, most of the sound comes in time and the picture moves", async (t) => {
    await call.meet();
    assert.deepEqual((await call.figures()).map(({ transports }) => transports), [["udp"], ["udp"]]);
    const shares = await call.heard("numgen random mod 100 < 10", 15);
    t.diagnostic(`of the sound in time: ${shares.map((share) => `${(100 * share).toFixed(1)} %`).join(" and ")}`);
    assert.ok(Math.min(...shares) >= 0.8, `${shares}`);
    // A side that believes its network too weak for a picture tries one again after a while.
    await Promise.all(call.both.map((visitor) => visitor.watches("#remote", 20, 60_000)));
  });

  for (const [what, switched] of Object.entries({
    "of nothing at all": (off) => cable.loses(off ? "meta mark 0" : ""),
    "without the plug": (off) => cable.plug(!off),
  })) {
    test(`after five seconds ${what} the call goes on by itself, with pictures within seconds`, async (t) => {
      const tries = [];
      for (let n = 0; n < 3 && !tries.some((worst) => worst <= 4000); n += 1) {
        const back = await call.outage(5000, switched);
        t.diagnostic(`pictures back after ${back.join(" and ")} ms`);
        tries.push(Math.max(...back));
        await Promise.all(call.both.map((visitor) => visitor.watches("#remote", 30)));
      }
      assert.ok(Math.min(...tries) <= 4000, `${tries}`);
      assert.equal(await call.seeker.page.isVisible("#take"), false);
    });
  }
});
