// What the core scripts decide without a page: texts, times, the rhythm of the lobby, the errors of requests.
import assert from "node:assert/strict";
import { test } from "node:test";

// The modules read the language from the page as they load.
globalThis.document = { documentElement: { dataset: {}, lang: "zh-CN" } };
const { fill } = await import("../../static/js/core/texts.js");
const { formatTime, formatAgo } = await import("../../static/js/core/time.js");
const { Problem, get } = await import("../../static/js/core/http.js");
const { nextDelay } = await import("../../static/js/lobby/rhythm.js");

test("a text keeps the places for which it got no value", () => {
  assert.equal(fill("{ $n } 人，{$place}", { n: 3 }), "3 人，{$place}");
  assert.equal(fill("{ $n }", { n: "<b>{$n}</b>" }), "<b>{$n}</b>", "a value is not filled again");
});

test("a time is shown in the zone that is asked for", () => {
  const date = new Date("2027-02-20T01:30:00Z");
  assert.equal(formatTime(date, "time", "Asia/Shanghai"), "09:30");
  assert.equal(formatTime(date, "time", "America/Sao_Paulo"), "22:30");
  assert.match(formatTime(date, "date", "Asia/Shanghai"), /2月20日/);
  assert.equal(formatAgo(new Date(0), 3 * 3600_000), "3小时前");
});

test("the lobby asks less often after failures and never sooner than the server allows", () => {
  assert.ok(nextDelay(0, null, 0) >= 5000 && nextDelay(0, null, 1) <= 10000);
  assert.ok(nextDelay(3, null, 0.5) > nextDelay(1, null, 0.5));
  assert.ok(nextDelay(50, null, 1) <= 150_000);
  assert.ok(nextDelay(0, 60, 0) >= 60_000);
});

test("a refusal becomes a problem with the server's words and fields", async () => {
  const body = { status: 422, detail: "请修改", code: "base-error-invalid", errors: { phone: "号码不对" } };
  globalThis.fetch = async () => new Response(JSON.stringify(body), { status: 422, headers: { "Content-Type": "application/problem+json", "Retry-After": "7" } });
  const problem = await get("/x").catch((error) => error);
  assert.ok(problem instanceof Problem);
  assert.deepEqual([problem.message, problem.errors.phone, problem.retryAfter, problem.temporary], ["请修改", "号码不对", 7, false]);
});

test("no answer is a temporary problem", async () => {
  globalThis.fetch = async () => Promise.reject(new TypeError("network"));
  const problem = await get("/x").catch((error) => error);
  assert.deepEqual([problem.status, problem.temporary], [0, true]);
});
