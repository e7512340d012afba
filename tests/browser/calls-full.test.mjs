// A call with as many people as it takes: the next one is told that there is no seat, and comes in by themselves once there is.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DESK, Demo, Visitor, launch, until } from "./support.mjs";

let demo, browser, interview, recruiters, holding;

/** The recruiters of the other booths recruit for this one as well: there is no page for that yet. */
function recruit(names) {
  const script = `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=30)
own = "SELECT subject FROM roles r JOIN accounts a ON a.id = r.account_id WHERE r.role = 'recruiter' AND a.name = ?"
employer = db.execute(own, (sys.argv[2],)).fetchone()[0]
for name in sys.argv[3:]:
    db.execute("INSERT INTO roles SELECT id, 'recruiter', ? FROM accounts WHERE name = ?", (employer, name))
db.commit()`;
  const done = spawnSync("python3", ["-c", script, join(demo.folder, "data/springbreeze.db"), ...names], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
}

const send = async (person, url, body) => {
  const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${person.token}`, accept: "application/json", "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: response.status, body: response.status === 204 ? null : await response.json() };
};

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  const { room, host } = demo.freeBooth();
  const others = demo.people.filter(({ role, name }) => role === "recruiter" && name !== host.name);
  const names = [...new Set(others.map(({ name }) => name))].slice(0, 5);
  recruit([host.name, ...names]);
  recruiters = [host, ...names.map((name) => others.find((one) => one.name === name))];
  assert.equal(recruiters.length, 6);
  const slots = await (await fetch(`${room.url}/interviews`, { headers: { accept: "application/json" } })).json();
  const booked = await send(demo.person("seeker"), `${demo.base_url}/slots/${slots[0].id}/bookings`, { client_id: "" });
  assert.equal(booked.status, 201);
  interview = `${demo.base_url}/interviews/${booked.body.id}`;
  const here = (person, n) => send(person, `${interview}/presence`, { window: `w${n}`, mic: true, camera: false });
  const five = recruiters.slice(0, 5);
  assert.deepEqual((await Promise.all(five.map(here))).map(({ status }) => status), [200, 200, 200, 200, 200]);
  holding = setInterval(() => void Promise.all(five.map(here)).catch(() => {}), 2000);
});
after(async () => {
  clearInterval(holding);
  await browser?.close();
  await demo?.stop();
});

test("whoever comes when all seats are taken is told so, stays, and comes in once a seat is free", async () => {
  const late = await Visitor.enter(browser, { ...DESK, person: recruiters[5], bypassCSP: true });
  await late.page.goto(`${interview}/call`);
  await late.page.locator("#waiting:not([hidden])", { hasText: "人已经满了" }).waitFor();
  await late.isFit("calls-full-desk");
  assert.equal(late.page.url(), `${interview}/call`);
  clearInterval(holding);
  await send(recruiters[4], `${interview}/departures`, { window: "w4" });
  // A seat is kept for a minute for whoever may come back to it.
  await until(async () => !(await late.page.textContent("#waiting-text")).includes("人已经满了"), "a seat", 120_000);
  const { body } = await send(recruiters[0], `${interview}/presence`, { window: "w0", mic: true, camera: false });
  assert.ok(body.people.some(({ name }) => name === recruiters[5].name), JSON.stringify(body.people));
});
