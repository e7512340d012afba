// What the chat's scripts make of texts: links, names, emoji, what is being typed. The same cases as in src/chat/said.rs.
import assert from "node:assert/strict";
import { test } from "node:test";

const { isEmoji, parts, shortened, wanted } = await import("../../static/js/chat/text.js");
const { Outbox } = await import("../../static/js/chat/outbox.js");

/** Parts in short: links as `[shown](href)`, names as `<name>`, one's own as `<<name>>`. */
const seen = (text, of) => parts(text, of).map(({ text: shown, href, own }) => (href ? `[${shown}](${href})` : own ? `<<${shown}>>` : own === false ? `<${shown}>` : shown)).join("");

test("links are links only where they may be and show where they lead", () => {
  const linked = (text) => seen(text, { linked: true });
  assert.equal(linked("看https://Jobs.example/a?b=1，好"), "看[jobs.example/a?b=1](https://Jobs.example/a?b=1)，好");
  assert.equal(linked("(http://a.example:8080/)."), "([a.example:8080](http://a.example:8080/)).");
  assert.equal(linked("HTTPS://a.example。"), "[a.example](HTTPS://a.example)。");
  const long = `https://a.example/${"x".repeat(100)}`;
  assert.equal(linked(long), `[a.example/${"x".repeat(38)}…](${long})`);
  const plain = ["javascript:alert(1)", "https://bank.example@evil.example/", "https://", "http:///x", "data:text/html,x", "ftp://a.example", "//a.example", "www.a.example", "https://例子.example", "https://-a.example", "https://a.example:port/", "https://[::1]/"];
  for (const text of plain) assert.equal(linked(text), text);
  assert.equal(seen("https://a.example"), "https://a.example", "visitors' links stay text");
});

test("names are marked and one's own most", () => {
  const of = { mentions: [{ account: "me", name: "李雷" }, { account: "other", name: "李雷雷" }], account: "me" };
  assert.equal(seen("@李雷，＠李雷雷 @韩", of), "<<@李雷>>，<＠李雷雷> @韩");
  assert.equal(seen("@李雷", { ...of, account: "other" }), "<@李雷>");
});

test("parts make up the whole text", () => {
  for (const text of ["", "a\n\nb", "@", "http", "<b>&amp;</b>", "👨‍👩‍👧 https://a.example @x", "https://a.example/%E4%B8%AD'\"><script>"]) {
    assert.equal(parts(text, { linked: true }).map(({ text: shown, href }) => href ?? shown).join(""), text);
  }
});

test("a few emoji alone are large", () => {
  for (const large of ["👍", "👍🏽", "❤️", "👨‍👩‍👧", "🇨🇳", "😀 😀 😀", "☺️⭐"]) assert.ok(isEmoji(large), large);
  for (const small of ["", "a", "好👍", "👍👍👍👍", "1️⃣", "🇨", " "]) assert.ok(!isEmoji(small), small);
});

test("a quote is one line of eighty characters", () => {
  assert.equal(shortened("包吃\n\n住吗？"), "包吃 住吗？");
  assert.equal(shortened("😀".repeat(81)), `${"😀".repeat(80)}…`);
});

test("names are looked for after a sign, answers after a stroke at the beginning", () => {
  const at = (text, caret = text.length) => wanted(text, caret);
  assert.deepEqual(at("您好@李"), { kind: "name", from: 2, typed: "李" });
  assert.deepEqual(at("@Li 您好", 3), { kind: "name", from: 0, typed: "li" });
  assert.deepEqual(at("＠"), { kind: "name", from: 0, typed: "" });
  for (const text of ["a@b", "@李 雷", "@@", "", "没有", `@${"x".repeat(21)}`]) assert.equal(at(text)?.kind === "name" && at(text).typed !== "", false, text);
  assert.deepEqual(at("/ 食宿"), { kind: "answer", from: 0, typed: "食宿" });
  for (const text of ["1/2", " /", "/a\nb"]) assert.equal(at(text), null, text);
});

test("an answer keeps what it answers until it is taken", () => {
  const sent = [];
  const kept = new Map();
  const store = { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v) };
  const handlers = { transmit: (draft) => (sent.push(draft.reply_to), false), changed: () => {}, done: () => {}, stuck: () => {} };
  new Outbox("k", store, handlers).add("早八点", "a", 7);
  new Outbox("k", store, handlers).flush();
  assert.deepEqual(sent, [7, 7]);
});

test("reading aloud keeps a few, leaves out the oldest, and is silent out of sight", async () => {
  const listeners = {};
  const spoken = [];
  globalThis.document = { documentElement: { dataset: {}, lang: "zh-CN" }, hidden: false, addEventListener: (type, listener) => (listeners[type] = listener) };
  globalThis.addEventListener = () => {};
  globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
  const speech = { getVoices: () => [{ lang: "en-GB" }, { lang: "zh_CN" }], speak: (utterance) => spoken.push(utterance), cancel: () => spoken.push("cancel") };
  const { Aloud } = await import("../../static/js/chat/aloud.js");
  const aloud = new Aloud(speech);
  aloud.say({ name: "黄", text: "关着" });
  assert.equal(spoken.length, 0, "off at first");
  aloud.turn(true);
  for (let n = 1; n <= 9; n += 1) aloud.say({ name: "黄", text: `第${n}句` });
  assert.equal(spoken.length, 1, "one after the other");
  for (let n = 0; n < 9; n += 1) spoken.at(-1).onend?.();
  assert.equal(spoken.length, 1 + 5, "five wait, the oldest are left out");
  aloud.say({ name: "黄", text: "看 https://a.example/very/long 好" });
  assert.equal(spoken.at(-1).voice.lang, "zh_CN");
  document.hidden = true;
  listeners.visibilitychange();
  assert.equal(spoken.at(-1), "cancel");
  aloud.say({ name: "黄", text: "没人看" });
  assert.equal(spoken.at(-1), "cancel");
  document.hidden = false;
  aloud.say({ name: "黄", text: "又看了" });
  assert.equal(typeof spoken.at(-1), "object", "it goes on with what comes then");
});
