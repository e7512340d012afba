// @ts-check
/** The chat of a room page: puts socket, lines and composer together. Other parts of the page hear of the room by the events
 * `room:entry`, `room:presence`, `room:reactions`, `room:rest` (with their frames) and `room:pulse` on the document. */
import { announce, must, on, qs, setText } from "../core/dom.js";
import { get, post } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { Composer } from "./composer.js";
import { Held } from "./held.js";
import { History } from "./history.js";
import { isFor } from "./line.js";
import { List } from "./list.js";
import { Outbox, keeper } from "./outbox.js";
import { offerAloud, recentPeople } from "./people.js";
import { Reply } from "./reply.js";
import { Typing } from "./typing.js";
import { Wire } from "./wire.js";

const panel = must("[data-chat]");
const room = `/rooms/${panel.dataset.chat}`;
const messages = `${room}/messages`;
const socket = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${room}/socket`;
const list = new List(panel);
const past = new History(list, messages);
/** A word on the connection; none while it is well. @type {Record<string, () => string>} */
const STATES = {
  connecting: () => t("js-chat-connecting"),
  offline: () => t("js-chat-offline"),
  polling: () => t("js-chat-polling"),
  full: () => t("js-chat-full"),
};
/** Within this time everybody's page shows a new mode of the room. */
const MODE_WITHIN_MS = 4000;
let state = "connecting";

/** @param {string} type @param {unknown} [detail] */
const tell = (type, detail) => document.dispatchEvent(new CustomEvent(type, { detail }));

const outbox = new Outbox(`chat:${panel.dataset.chat}`, keeper(), {
  transmit: (draft) => (state === "polling" ? sendByPost(draft) : wire.send({ type: "send", ...content(draft) })),
  changed: (draft) => {
    list.show(draft);
    if (held.judges(draft)) return held.refused(draft);
    if (draft.state === "failed") announce(t("js-chat-retry"), true);
    if (draft.code === "too-fast") toast(t("js-chat-refused-too-fast", { n: draft.retryAfter ?? 2 }));
    else if (draft.code === "too-long") toast(t("js-chat-refused-too-long"), { kind: "error" });
    else if (draft.code && draft.state === "failed") void refreshRights();
  },
  done: (clientId, seq, isHeld) => {
    if (isHeld) return held.set(clientId, "held");
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
    typing.done();
    list.show(outbox.add(text, clientId, reply.take()));
    return true;
  },
  named: (you) => {
    [list.account, list.name] = [you.id, you.name];
    wire.reconnect();
  },
  heart: () => void wire.send({ type: "react" }),
  typed: (text) => typing.typed(text),
  people: () => recentPeople(list),
});

const held = new Held(list, outbox, composer);
const reply = new Reply(panel, list, () => composer.text.focus());
const aloud = offerAloud(panel);

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
      if (now !== "open") typing.show(0);
      if (now === "banned" || now === "closed" || now === "gone") void refreshRights();
    },
    welcome: ({ you, can }) => {
      if (you) [list.account, list.name] = [you.account, you.name];
      composer.allow(can);
      outbox.flush();
      if (held.any) void refreshRights();
    },
    entry,
    gap: (from, to) => past.gap(from, to),
    presence: (presence) => presence && tell("room:presence", presence),
    reactions: (count) => tell("room:reactions", { count }),
    typing: (count) => typing.show(count),
    rest: (frame) => tell("room:rest", frame),
    answer: (frame) => (frame.type === "rejected" ? held.set(frame.client_id, "rejected") : outbox.answer(frame)),
    pulse: () => tell("room:pulse"),
  },
  { get },
);

const typing = new Typing(panel, (frame) => wire.send(frame));

/** @param {import("./frames.js").Entry} entry */
function entry(entry) {
  const line = list.add(entry);
  if (entry.type === "message") said(entry, line);
  if (entry.type === "deleted") list.redact({ seq: entry.target });
  if (entry.type === "purged") list.redact({ author: entry.target });
  if (entry.type === "deleted" || entry.type === "purged") reply.check();
  if (entry.type === "restored") void get(`${messages}?before=${entry.target + 1}&limit=1`).then((h) => list.restore(h.entries));
  if (entry.type === "restored-all") void get(`${messages}?since=${list.first - 1}`).then((h) => list.restore(h.entries));
  if ((entry.type === "muted" || entry.type === "banned") && entry.target === list.account) void refreshRights();
  // All pages in the room hear this at once, and not all must ask at once; the server keeps to it anyway.
  if (entry.type === "mode") setTimeout(() => void refreshRights(), Math.random() * MODE_WITHIN_MS);
  tell("room:entry", entry);
}

/** @param {import("./frames.js").Entry} entry @param {HTMLElement | null} line */
function said(entry, line) {
  if (entry.author === list.account) {
    held.covered(entry);
    return outbox.answer({ type: "ack", client_id: entry.client_id, seq: entry.seq });
  }
  const { name, text } = entry;
  if (entry.badge && !entry.deleted) aloud({ name, text });
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

async function refreshRights() {
  const { can, held: mine = [] } = await get(`${messages}?limit=1`).catch(() => ({}));
  if (can) composer.allow(can);
  for (const { client_id, state } of mine) held.set(client_id, state);
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
on("click", ".msg-actions", (link, event) => {
  const line = link.closest(".msg");
  if (!(line instanceof HTMLElement) || !line.dataset.author) return;
  event.preventDefault();
  const mayReply = "silent" in panel.dataset ? undefined : (/** @type {HTMLElement} */ to) => reply.begin(to);
  void import("./menu.js").then(({ open }) => open(link, line, { room, reply: mayReply }));
}, list.box);
addEventListener("online", () => wire.reconnect());
document.addEventListener("visibilitychange", () => !document.hidden && state === "offline" && wire.connect());
// A tab of the phone layout that comes into sight shows where to go on.
qs("[data-tabs]")?.addEventListener("tabchange", () => list.unread.shown());
void ready.then(() => {
  list.unread.begin();
  for (const draft of outbox.drafts.values()) list.show(draft);
  wire.connect();
});
