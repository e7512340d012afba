// @ts-check
/** The chat of a room page: puts socket, lines and composer together. Other parts of the page hear of the room by the events
 * `room:entry`, `room:presence`, `room:reactions`, `room:rest`, `room:frame`, `room:welcome`, those of the stage (with their frames) and
 * `room:pulse` on the document. */
import { announce, later, must, on, qs, setText } from "../core/dom.js";
import { get, post } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { Composer } from "./composer.js";
import { isFor } from "./line.js";
import { List } from "./list.js";
import { showNotice } from "./notice.js";
import { Outbox, keeper } from "./outbox.js";
import { Wire } from "./wire.js";

const panel = must("[data-chat]");
const room = `/rooms/${panel.dataset.chat}`;
const messages = `${room}/messages`;
const socket = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${room}/socket`;
const list = new List(panel);
const past = later(async () => new (await import("./history.js")).History(list, messages));
const replying = later(async () => (reply = new (await import("./reply.js")).Reply(panel, list, () => composer.text.focus())));
const counting = later(async () => (typing = new (await import("./typing.js")).Typing(panel, (frame) => wire.send(frame))));
/** @type {import("./reply.js").Reply | undefined} */
let reply;
/** @type {import("./typing.js").Typing | undefined} */
let typing;
/** @type {import("./aloud.js").Aloud | undefined} */
let aloud;
/** A word on the connection; none while it is well. @type {Record<string, () => string>} */
const STATES = {
  connecting: () => t("js-chat-connecting"),
  offline: () => t("js-chat-offline"),
  polling: () => t("js-chat-polling"),
  full: () => t("js-chat-full"),
};
/** Within this time everybody's page shows a new mode of the room. */
const MODE_WITHIN_MS = 4000;
/** The text itself was refused, so that sending it again is of no use. */
const JUDGED = new Set(["word", "rejected", "bad-reply", "reply"]);
let state = "connecting";

/** @param {string} type @param {unknown} [detail] */
const tell = (type, detail) => document.dispatchEvent(new CustomEvent(type, { detail }));

const outbox = new Outbox(`chat:${panel.dataset.chat}`, keeper(), {
  transmit: (draft) => (state === "polling" ? sendByPost(draft) : wire.send({ type: "send", ...content(draft) })),
  changed: (draft) => {
    list.show(draft);
    if (draft.state === "failed" && JUDGED.has(draft.code ?? "")) return void holding().then((held) => held.refused(draft));
    if (draft.state === "failed") announce(t("js-chat-retry"), true);
    if (draft.code === "too-fast") toast(t("js-chat-refused-too-fast", { n: draft.retryAfter ?? 2 }));
    else if (draft.code === "too-long") toast(t("js-chat-refused-too-long"), { kind: "error" });
    else if (draft.code && draft.state === "failed") void refreshRights();
  },
  done: (clientId, seq, isHeld) => {
    if (isHeld) return hold(clientId, "held");
    list.sent(clientId, seq);
    announce(t("js-chat-sent"));
  },
  stuck: () => wire.reconnect(),
});

const composer = new Composer(panel, {
  send: (text, clientId) => {
    if (outbox.isFull) {
      toast(t("js-chat-offline"), { kind: "error" });
      return false;
    }
    typing?.done();
    list.show(outbox.add(text, clientId, reply?.take()));
    return true;
  },
  named: (you) => {
    [list.account, list.name] = [you.id, you.name];
    wire.reconnect();
  },
  heart: () => void wire.send({ type: "react" }),
  // What was sent while this came is typed no more.
  typed: () => void counting().then((typing) => typing.typed(composer.text.value), () => {}),
  list,
});

const holding = later(async () => new (await import("./held.js")).Held(list, outbox, composer));
/** @param {string} clientId @param {string} now */
const hold = (clientId, now) => void holding().then((held) => held.set(clientId, now), failed);

const wire = new Wire(
  { socket, messages, since: Number(panel.dataset.lastSeq), shadow: "shadow" in panel.dataset },
  {
    state: (now) => {
      state = now;
      const word = STATES[now]?.() ?? "";
      const bar = must("[data-chat-state]", panel);
      setText(bar, word);
      bar.hidden = !word;
      panel.dataset.state = now;
      if (now !== "open") typing?.show(0);
      if (now === "banned" || now === "closed" || now === "gone") void refreshRights();
    },
    welcome: (frame) => {
      const { you, can } = frame;
      if (you) [list.account, list.name] = [you.account, you.name];
      composer.allow(can);
      outbox.flush();
      if (qs('[data-state="held"]', list.box)) void refreshRights();
      tell("room:welcome", frame);
    },
    entry,
    gap: (from, to) => {
      tell("room:gap");
      void past().then((history) => history.gap(from, to)).catch(failed);
    },
    presence: (presence) => presence && tell("room:presence", presence),
    reactions: (count) => tell("room:reactions", { count }),
    typing: (count) => void counting().then((typing) => typing.show(count), () => {}),
    rest: (frame) => tell("room:rest", frame),
    passing: (frame) => tell("room:frame", frame),
    passed: (frame) => tell(`room:${frame.type}`, frame),
    answer: (frame) => (frame.type === "rejected" ? hold(frame.client_id, "rejected") : outbox.answer(frame)),
    pulse: () => tell("room:pulse"),
  },
  { get },
);

/** @param {import("./frames.js").Entry} entry */
function entry(entry) {
  const line = list.add(entry);
  if (entry.type === "message") said(entry, line);
  if (entry.type === "deleted") list.redact({ seq: entry.target });
  if (entry.type === "purged") list.redact({ author: entry.target });
  if (entry.type === "deleted" || entry.type === "purged") reply?.check();
  if (entry.type === "restored") void get(`${messages}?before=${entry.target + 1}&limit=1`).then((h) => list.restore(h.entries));
  if (entry.type === "restored-all") void get(`${messages}?since=${list.first - 1}`).then((h) => list.restore(h.entries));
  if ((entry.type === "muted" || entry.type === "banned") && entry.target === list.account) void refreshRights();
  if (entry.type === "co-host" && entry.account === list.account) void refreshRights();
  // All pages in the room hear this at once, and not all must ask at once; the server keeps to it anyway.
  if (entry.type === "mode") setTimeout(() => void refreshRights(), Math.random() * MODE_WITHIN_MS);
  if (entry.type === "notice") showNotice(panel, /** @type {any} */ (entry));
  tell("room:entry", entry);
}

/** @param {import("./frames.js").Entry} entry @param {HTMLElement | null} line */
function said(entry, line) {
  if (entry.author === list.account) {
    // Perhaps with a number of which others see only a part.
    const draft = outbox.drafts.get(entry.client_id);
    if (draft && draft.text !== entry.text && entry.text.includes("*")) toast(t("js-chat-covered"));
    return outbox.answer({ type: "ack", client_id: entry.client_id, seq: entry.seq });
  }
  const { name, text } = entry;
  if (entry.badge && !entry.deleted) aloud?.say({ name, text });
  const called = list.account && !entry.deleted && isFor(entry, list.account);
  if (called && line && !list.unread.sees(line)) {
    const word = t(entry.reply?.author === list.account ? "js-chat-answered" : "js-chat-mentioned", { name });
    // In the chat itself the way to it is there already.
    if (!list.unread.inSight) toast(word, { action: t("js-chat-look"), onAction: () => showChat(line) });
    announce(`${word} ${text}`);
  } else if (called || entry.badge) {
    // A busy room would drown a screen reader; hosts' answers are what people wait for.
    announce(t("js-chat-said", { name, text }));
  }
}

/** @param {HTMLElement} line */
function showChat(line) {
  qs("#tab-chat")?.click();
  list.unread.lead(line);
}

/** @param {HTMLElement} line */
const beginReply = (line) => void replying().then((reply) => reply.begin(line)).catch(failed);

/** @param {unknown} error */
const failed = (error) => void toast(error instanceof Error ? error.message : String(error), { kind: "error" });

async function refreshRights() {
  const { can, held: mine = [] } = await get(`${messages}?limit=1`).catch(() => ({}));
  if (can) composer.allow(can);
  for (const { client_id, state } of mine) hold(client_id, state);
}

/** What is sent of a draft. @param {import("./outbox.js").Draft} draft */
const content = ({ client_id, text, reply_to }) => ({ client_id, text, reply_to });

/** @param {import("./outbox.js").Draft} draft @returns {boolean} */
function sendByPost(draft) {
  const { client_id } = draft;
  const done = (/** @type {any} */ sent) => outbox.answer({ type: "ack", client_id, seq: sent.seq, held: sent.held });
  const refused = (/** @type {any} */ problem) => outbox.answer({ type: "error", client_id, code: problem.temporary ? "overloaded" : (problem.code || "refused").replace("chat-refused-", ""), retry_after: problem.retryAfter ?? 3 });
  post(messages, content(draft)).then(done, refused);
  return true;
}

on("click", ".msg-retry", (button) => outbox.retry(button.closest("[data-client-id]")?.getAttribute("data-client-id") ?? ""), panel);
on("click", "[data-chat-older] button", () => void past().then((history) => history.older(50)).catch(failed), list.box);
on("click", ".msg-quote", (link, event) => {
  event.preventDefault();
  void past().then((history) => history.lead(link.dataset.quote ?? "")).catch(failed);
}, list.box);
on("click", ".msg-reply", (link, event) => {
  event.preventDefault();
  const line = link.closest(".msg");
  if (line instanceof HTMLElement) beginReply(line);
}, list.box);
on("click", ".msg-actions", (link, event) => {
  const line = link.closest(".msg");
  if (!(line instanceof HTMLElement) || !line.dataset.author) return;
  event.preventDefault();
  const mayReply = "silent" in panel.dataset ? undefined : beginReply;
  // Without the menu the link leads to a page that does the same.
  import("./menu.js").then(({ open }) => open(link, line, { room, reply: mayReply }), () => location.assign(/** @type {HTMLAnchorElement} */ (link).href));
}, list.box);
// What is pinned may have changed among the entries that were missed.
document.addEventListener("room:state", (event) => showNotice(panel, /** @type {CustomEvent} */ (event).detail.notice ?? { text: "", name: "" }));
// Another part of the page gave the person a name.
document.addEventListener("room:named", (event) => {
  const you = /** @type {CustomEvent} */ (event).detail;
  [list.account, list.name] = [you.id, you.name];
  wire.reconnect();
});
addEventListener("online", () => wire.reconnect());
document.addEventListener("visibilitychange", () => !document.hidden && state === "offline" && wire.connect());
// A tab of the phone layout that comes into sight shows where to go on.
qs("[data-tabs]")?.addEventListener("tabchange", () => list.unread.shown());
const speaks = must("[data-chat-aloud]", panel);
speaks.hidden = !("speechSynthesis" in globalThis);
speaks.addEventListener("click", async () => {
  aloud ??= new (await import("./aloud.js")).Aloud(globalThis.speechSynthesis);
  aloud.turn(!aloud.on);
  speaks.setAttribute("aria-pressed", String(aloud.on));
  announce(t(aloud.on ? "js-chat-aloud-on" : "js-chat-aloud-off"));
});
if (qs("[name=reply_to]", panel)) void replying();
void ready.then(() => {
  list.unread.begin();
  for (const draft of outbox.drafts.values()) list.show(draft);
  wire.connect();
});
