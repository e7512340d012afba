// @ts-check
/** What one can do about a message: answer it, copy it, report it, and for hosts what keeps order. */
import { announce, must } from "../core/dom.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { moderation, openMenu } from "./moderate.js";
import { reasons } from "./report.js";

/**
 * @param {HTMLElement} link what was pressed
 * @param {HTMLElement} line the message
 * @param {{room: string, reply?: (line: HTMLElement) => void}} place the room's path, and how to answer if one may
 */
export async function open(link, line, { room, reply }) {
  const name = must("[data-name]", line).textContent ?? "";
  const [words, there] = [must(".msg-text", line).textContent ?? "", !line.classList.contains("msg-deleted")];
  const first = [];
  if (reply && there) first.push({ text: t("js-chat-reply"), act: () => reply(line) });
  if (there) first.push({ text: t("js-chat-copy"), act: () => copy(words) });
  if (link.dataset.own !== undefined) return openMenu(t("js-chat-own-menu"), line, link, [], first);
  if (link.dataset.report === undefined) {
    const choices = await moderation(room, line, Boolean(line.closest("[data-may-block]")));
    return openMenu(t("js-moderation-title", { name }), line, link, choices, first);
  }
  const report = () => openMenu(t("js-moderation-report", { name }), line, link, reasons(room, Number(line.dataset.seq)));
  openMenu(t("js-chat-menu", { name }), line, link, [{ text: t("js-moderation-report-short"), act: report }], first);
}

/** @param {string} words */
async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    announce(t("js-chat-copied"));
    toast(t("js-chat-copied"), { kind: "success" });
  } catch {
    toast(t("js-copy-failed"), { kind: "error" });
  }
}
