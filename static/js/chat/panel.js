// @ts-check
/** The chat of a room page: puts socket, lines and composer together. Other parts of the page hear of the room by the events
 * `room:entry`, `room:presence`, `room:reactions`, `room:rest` (with their frames) and `room:pulse` on the document. */
import { announce, el, must, on, qs, setText } from "../core/dom.js";
import { get, post } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { Composer } from "./composer.js";
import { Held } from "./held.js";
import { List } from "./list.js";
import { enhanceModeration } from "./moderate.js";
import { enhanceReports } from "./report.js";
import { Outbox, keeper } from "./outbox.js";
import { Wire } from "./wire.js";

const panel = must("[data-chat]");
const room = `/rooms/${panel.dataset.chat}`;
const messages = `${room}/messages`;
const socket = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${room}/socket`;
const list = new List(panel);
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
  transmit: (draft) => (state === "polling" ? sendByPost(draft) : wire.send({ type: "send", client_id: draft.client_id, text: draft.text })),
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
    list.show(outbox.add(text, clientId));
    return true;
  },
  named: (you) => {
    [list.account, list.name] = [you.id, you.name];
    wire.reconnect();
  },
  heart: () => void wire.send({ type: "react" }),
});

const held = new Held(list, outbox, composer);

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
      if (now === "banned" || now === "closed" || now === "gone") void refreshRights();
    },
    welcome: ({ you, can }) => {
      if (you) [list.account, list.name] = [you.account, you.name];
      composer.allow(can);
      outbox.flush();
      if (held.any) void refreshRights();
    },
    entry,
    gap: showGap,
    presence: (presence) => presence && tell("room:presence", presence),
    reactions: (count) => tell("room:reactions", { count }),
    rest: (frame) => tell("room:rest", frame),
    answer: (frame) => (frame.type === "rejected" ? held.set(frame.client_id, "rejected") : outbox.answer(frame)),
    pulse: () => tell("room:pulse"),
  },
  { get },
);

/** @param {import("./frames.js").Entry} entry */
function entry(entry) {
  list.add(entry);
  if (entry.type === "message" && entry.author === list.account) held.covered(entry);
  if (entry.type === "message" && entry.author === list.account) outbox.answer({ type: "ack", client_id: entry.client_id, seq: entry.seq });
  // A busy room would drown a screen reader; hosts' answers are what people wait for.
  else if (entry.type === "message" && entry.badge) announce(t("js-chat-said", { name: entry.name, text: entry.text }));
  if (entry.type === "deleted") list.redact((line) => line.dataset.seq === String(entry.target));
  if (entry.type === "purged") list.redact((line) => line.dataset.author === entry.target);
  if (entry.type === "restored") void get(`${messages}?before=${entry.target + 1}&limit=1`).then((h) => list.restore(h.entries));
  if (entry.type === "restored-all") void get(`${messages}?since=${list.first - 1}`).then((h) => list.restore(h.entries));
  if ((entry.type === "muted" || entry.type === "banned") && entry.target === list.account) void refreshRights();
  // All pages in the room hear this at once, and not all must ask at once; the server keeps to it anyway.
  if (entry.type === "mode") setTimeout(() => void refreshRights(), Math.random() * MODE_WITHIN_MS);
  tell("room:entry", entry);
}

async function refreshRights() {
  const { can, held: mine = [] } = await get(`${messages}?limit=1`).catch(() => ({}));
  if (can) composer.allow(can);
  for (const { client_id, state } of mine) held.set(client_id, state);
}

/** @param {import("./outbox.js").Draft} draft @returns {boolean} */
function sendByPost({ client_id, text }) {
  const done = (/** @type {any} */ sent) => outbox.answer({ type: "ack", client_id, seq: sent.seq, held: sent.held });
  const refused = (/** @type {any} */ problem) => outbox.answer({ type: "error", client_id, code: problem.temporary ? "overloaded" : problem.code || "refused", retry_after: problem.retryAfter ?? 3 });
  post(messages, { client_id, text }).then(done, refused);
  return true;
}

/** @param {number} from @param {number} to entries that were not replayed: a button fetches the newest of them */
function showGap(from, to) {
  const button = el("button", { className: "btn btn-small btn-plain", type: "button", textContent: t("js-chat-gap") });
  const line = el("p", { className: "msg msg-system" }, button);
  list.box.append(line);
  button.addEventListener("click", async () => {
    const { entries } = await get(`${messages}?before=${to + 1}`);
    line.remove();
    for (const older of entries) if (older.seq >= from) list.add(older);
    if (entries[0]?.seq > from) showGap(from, entries[0].seq - 1);
  });
}

on("click", ".msg-retry", (button) => outbox.retry(button.closest("[data-client-id]")?.getAttribute("data-client-id") ?? ""), panel);
on("click", "[data-chat-older] button", async (button) => {
  const { entries, more } = await get(`${messages}?before=${list.first}&limit=50`);
  list.addOlder(entries);
  if (!more) button.parentElement?.remove();
}, panel);
enhanceModeration(list.box, room);
enhanceReports(list.box, room);
addEventListener("online", () => wire.reconnect());
document.addEventListener("visibilitychange", () => !document.hidden && state === "offline" && wire.connect());
// A tab of the phone layout that comes into sight shows the newest line.
qs("[data-tabs]")?.addEventListener("tabchange", () => list.unseen || list.toNewest());
void ready.then(() => {
  for (const draft of outbox.drafts.values()) list.show(draft);
  wire.connect();
});
