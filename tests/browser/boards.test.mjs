// The board, saved searches and imports in a real browser: a phone finds work near it by its own place, keeps the search and is shown what is new;
// a recruiter sends a table, sees what it would do and puts it in. With and without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESK, Demo, PHONE, Visitor, launch } from "./support.mjs";

let demo, browser, board, host, employer;

before(async () => {
  [demo, browser] = [await Demo.start(), await launch()];
  board = `${demo.fair.url}/postings`;
  host = await Visitor.enter(browser, { person: demo.person("recruiter"), bypassCSP: true });
  await host.page.goto(`${demo.base_url}/interviews`);
  employer = (await host.page.getAttribute("main a[href*='/employers/']", "href")).split("/")[2];
});
after(async () => {
  host?.calm();
  await browser.close();
  await demo.stop();
});

test("a phone finds what is near by its own place, or by a place that is chosen", async () => {
  const near = { latitude: 30.2741, longitude: 120.1551 };
  const seeker = await Visitor.enter(browser, { ...PHONE, bypassCSP: true, geolocation: near, permissions: ["geolocation"] });
  await seeker.page.goto(board);
  await seeker.isFit("boards-board-phone");
  await seeker.page.locator("a.chip", { hasText: "离我近" }).tap();
  await seeker.page.waitForURL(/\/near/);
  await seeker.isFit("boards-near-phone");
  await seeker.page.locator("#locate").tap();
  await seeker.page.waitForURL(/near=30\.27/);
  await seeker.page.locator(".posting-card", { hasText: "公里" }).first().waitFor();
  const metres = await seeker.page.locator(".posting-card .meta").allTextContents();
  const away = metres.map((text) => Number(/约 (\d+) 公里/.exec(text)?.[1] ?? Infinity));
  assert.deepEqual(away, [...away].sort((a, b) => a - b), "nearest first");
  await seeker.isFit("boards-distance-phone");
  await seeker.page.locator("a", { hasText: "换个地方" }).tap();
  await seeker.page.locator("a.chip", { hasText: "广东" }).tap();
  await seeker.page.locator("a", { hasText: "就选广东" }).tap();
  await seeker.page.waitForURL(/near=440000/);
  await seeker.page.getByText("从广东算起").waitFor();
  seeker.calm();
  await seeker.leave();
});

test("a search is kept, told of and shown with its reasons", async () => {
  const seeker = await Visitor.enter(browser, { ...PHONE, bypassCSP: true, person: demo.person("seeker") });
  await seeker.page.goto(`${board}?q=操作工`);
  await seeker.page.getByText("也找了").waitFor();
  await seeker.isFit("boards-search-phone");
  await seeker.page.locator("button", { hasText: "保存这个搜索" }).tap();
  await seeker.page.waitForURL(/\/me\/searches$/);
  await seeker.page.locator("a.strong", { hasText: "操作工" }).waitFor();
  await seeker.isFit("boards-saved-phone");
  await seeker.page.selectOption("select[name=alert]", "daily");
  await seeker.page.getByText("已设为：每天最多通知一次").first().waitFor();
  await seeker.page.goto(`${demo.base_url}/me/recommended`);
  await seeker.page.getByText("符合您保存的搜索“操作工”").first().waitFor();
  await seeker.isFit("boards-recommended-phone");
  await seeker.page.locator("button", { hasText: "不要推荐" }).tap();
  await seeker.page.getByText("推荐已关闭").first().waitFor();
  seeker.calm();
  await seeker.leave();
});

const table = (rows) => Buffer.from(`\uFEFF单位岗位编号,岗位名称,工作内容,工作地区,行业,招聘人数,最低工资（元）,有效期至\n${rows.join("\n")}\n`);
const day = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10);
const row = (n, place = "浙江杭州") => `W-${n},批量岗位${n},仓库打包,${place},制造业,3,6000,${day}`;

test("a recruiter sends a table, sees what it would do, and puts it in", async () => {
  await host.page.goto(`${demo.base_url}/employers/${employer}/postings`);
  await host.page.locator("a", { hasText: "批量导入岗位" }).click();
  await host.page.waitForURL(/\/imports$/);
  await host.isFit("boards-imports-desk");
  const rows = [...Array.from({ length: 800 }, (_, n) => row(n)), row(900, "火星"), row(901, "")];
  await host.page.setInputFiles("#file", { name: "春季岗位.csv", mimeType: "text/csv", buffer: table(rows) });
  await host.page.locator("button", { hasText: "检查" }).click();
  await host.page.waitForURL(/\/imports\/[0-9a-f-]{36}$/);
  await host.page.locator("button", { hasText: "导入 800 个岗位" }).waitFor();
  await host.page.getByText("第 802 行").waitFor();
  await host.isFit("boards-import-ready-desk");
  await host.page.setViewportSize({ width: 360, height: 740 });
  await host.isFit("boards-import-ready-phone");
  await host.page.setViewportSize(DESK.viewport);
  await host.page.locator("button", { hasText: "导入 800 个岗位" }).click();
  await host.page.locator("#import[data-state=done]").waitFor();
  await host.page.getByText("查看岗位").waitFor();
  await host.isFit("boards-import-done-desk");
});

test("without JavaScript a table is sent and put in, and a wrong file comes back with its reason", async () => {
  const plain = await Visitor.enter(browser, { person: demo.person("recruiter"), javaScriptEnabled: false });
  await plain.page.goto(`${demo.base_url}/employers/${employer}/imports`);
  await plain.page.setInputFiles("#file", { name: "x.xls", mimeType: "application/vnd.ms-excel", buffer: Buffer.from("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "latin1") });
  await plain.page.locator("button", { hasText: "检查" }).click();
  // The page is loaded anew every three seconds until the server has looked.
  await plain.page.getByText("请把旧版 Excel").waitFor();
  await plain.page.locator("a", { hasText: "换一个文件" }).click();
  await plain.page.setInputFiles("#file", { name: "b.csv", mimeType: "text/csv", buffer: table([row(2000), row(2001)]) });
  await plain.page.locator("button", { hasText: "检查" }).click();
  await plain.page.locator("button", { hasText: "导入 2 个岗位" }).click();
  await plain.page.getByText("查看岗位").waitFor();
  await plain.leave();
});
