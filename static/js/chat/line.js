// @ts-check
/** One line of the chat, made from the blank one that the server rendered. */
import { el, must, qs, setText } from "../core/dom.js";
import { lang, t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { isEmoji, parts } from "./text.js";

/** @typedef {import("./frames.js").Entry} Entry */

/** @type {Record<string, string>} */
const BADGES = { organiser: "badge-brand", "co-host": "badge-info" };

/**
 * @param {HTMLTemplateElement} blank
 * @param {Entry} entry
 * @param {string} account whose page it is
 * @returns {HTMLElement | null} null for what is not shown as a line
 */
export function makeLine(blank, entry, account) {
  if (entry.type === "message") return message(blank, entry, account);
  const text = happened(entry);
  return text ? el("p", { className: "msg msg-system", "data-seq": entry.seq, textContent: text }) : null;
}

/** @param {Entry} entry */
function happened(entry) {
  switch (entry.type) {
    case "stream-started":
      return t("js-chat-stream-started");
    case "stream-ended":
      return t("js-chat-stream-ended");
    case "room-closed":
      return t(entry.closed ? "js-chat-room-closed" : "js-chat-room-opened");
    case "co-host":
      return entry.presents ? t("js-chat-co-host", { title: entry.name }) : "";
    case "mode":
      return modeText(entry.audience);
    case "spotlight":
      return entry.card ? t("js-chat-on-stage", { title: (lang === "en" && entry.card.title_en) || entry.card.title_zh }) : "";
    default:
      return "";
  }
}

/** @param {string} audience */
function modeText(audience) {
  if (audience === "hosts") return t("js-chat-mode-hosts");
  if (audience === "applicants") return t("js-chat-mode-applicants");
  return t(audience === "members" ? "js-chat-mode-members" : "js-chat-mode-everybody");
}

/** @param {HTMLTemplateElement} blank @param {Entry} entry @param {string} account */
function message(blank, entry, account) {
  const line = must(".msg", /** @type {DocumentFragment} */ (blank.content.cloneNode(true)));
  const own = entry.author === account;
  if (entry.seq) line.id = `msg-${entry.seq}`;
  line.dataset.seq = String(entry.seq);
  line.dataset.author = entry.author;
  line.classList.toggle("msg-own", own);
  line.classList.toggle("msg-host", Boolean(entry.badge));
  line.classList.toggle("msg-for-you", Boolean(account) && !own && isFor(entry, account));
  setText(qs(".avatar", line), [...(entry.name || "·")][0] ?? "");
  setText(qs("[data-name]", line), entry.name);
  if (entry.reply && !entry.deleted) qs(".msg-text", line)?.before(quote(entry.reply));
  say(line, entry, account);
  const badge = must("[data-badge]", line);
  badge.hidden = !entry.badge;
  badge.classList.add(BADGES[entry.badge] ?? "badge-warn");
  if (entry.badge) setText(badge, t(`js-chat-badge-${entry.badge}`));
  const time = must("time", line);
  time.setAttribute("datetime", new Date(entry.at).toISOString());
  setText(time, formatTime(new Date(entry.at), "time"));
  name(line, entry, own);
  return line;
}

/** Gives the links of a line their addresses and names. @param {HTMLElement} line @param {Entry} entry @param {boolean} own */
function name(line, { seq, name }, own) {
  const reply = /** @type {HTMLAnchorElement | null} */ (qs(".msg-reply", line));
  if (reply) reply.href += `${seq}#composer`;
  setText(qs(".msg-reply .visually-hidden", line), t("js-chat-reply-to", { name }));
  const actions = /** @type {HTMLAnchorElement | null} */ (qs(".msg-actions", line));
  if (!actions) return;
  const reports = actions.dataset.report !== undefined;
  if (reports && own) {
    actions.href = reply?.href ?? "";
    delete actions.dataset.report;
    actions.dataset.own = "";
  } else actions.href += seq;
  const text = actions.dataset.own === undefined ? t(reports ? "js-moderation-report" : "js-chat-moderate", { name }) : t("js-chat-own-menu");
  setText(qs(".msg-actions .visually-hidden", line), text);
}

/** Whether a message names somebody, or answers them. @param {Entry} entry @param {string} account */
export function isFor({ mentions = [], reply }, account) {
  return reply?.author === account || mentions.some((/** @type {import("./text.js").Mention} */ mention) => mention.account === account);
}

/** Puts the words of a message into its line. @param {HTMLElement} line @param {Entry} entry @param {string} account */
export function say(line, { text, badge, mentions, deleted }, account) {
  line.classList.toggle("msg-deleted", Boolean(deleted));
  line.classList.toggle("msg-emoji", !deleted && isEmoji(text));
  const pieces = deleted ? [{ text: t("js-chat-deleted") }] : parts(text, { linked: badge === "host" || badge === "organiser", mentions, account });
  must(".msg-text", line).replaceChildren(...pieces.map(piece));
}

/** @param {import("./text.js").Part} part */
function piece({ text, href, own }) {
  if (href) return el("a", { href, target: "_blank", rel: "noopener noreferrer nofollow ugc", textContent: text });
  return own === undefined ? text : el("span", { className: own ? "mention mention-own" : "mention", textContent: text });
}

/** @typedef {{seq: number, author?: string, name?: string, text?: string, deleted?: boolean}} Quote */

/** What a message answers. @param {Quote} to */
export function quote(to) {
  const link = el("a", { className: "msg-quote", href: `#msg-${to.seq}`, "data-quote": to.seq, "data-quoted": to.author });
  fillQuote(link, to);
  return link;
}

/** @param {HTMLElement} link @param {Quote} to */
export function fillQuote(link, { name = "", text = "", deleted = false }) {
  const told = [el("span", { className: "visually-hidden", textContent: t("js-chat-quote") }), el("bdi", { textContent: name }), " ", el("bdi", { textContent: text })];
  link.replaceChildren(el("span", {}, ...(deleted ? [t("js-chat-deleted")] : told)));
}
