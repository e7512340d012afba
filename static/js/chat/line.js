// @ts-check
/** One line of the chat, made from the blank one that the server rendered. */
import { el, must, qs, setText } from "../core/dom.js";
import { lang, t } from "../core/texts.js";
import { formatTime } from "../core/time.js";

/** @typedef {import("./frames.js").Entry} Entry */

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
  line.dataset.seq = String(entry.seq);
  line.dataset.author = entry.author;
  line.classList.toggle("msg-own", entry.author === account);
  line.classList.toggle("msg-host", Boolean(entry.badge));
  line.classList.toggle("msg-deleted", Boolean(entry.deleted));
  setText(qs(".avatar", line), [...(entry.name || "·")][0] ?? "");
  setText(qs("[data-name]", line), entry.name);
  setText(qs(".msg-text", line), entry.deleted ? t("js-chat-deleted") : entry.text);
  const badge = must("[data-badge]", line);
  badge.hidden = !entry.badge;
  badge.classList.add(entry.badge === "organiser" ? "badge-brand" : "badge-warn");
  if (entry.badge) setText(badge, t(entry.badge === "organiser" ? "js-chat-badge-organiser" : "js-chat-badge-host"));
  const time = must("time", line);
  time.setAttribute("datetime", new Date(entry.at).toISOString());
  setText(time, formatTime(new Date(entry.at), "time"));
  const actions = /** @type {HTMLAnchorElement | null} */ (qs(".msg-actions", line));
  if (actions) actions.href += entry.seq;
  const reports = actions?.dataset.report !== undefined;
  setText(qs(".msg-actions .visually-hidden", line), t(reports ? "js-moderation-report" : "js-chat-moderate", { name: entry.name }));
  if (reports && entry.author === account) actions.remove();
  return line;
}
