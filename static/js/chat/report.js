// @ts-check
/** Telling the moderators of a message, in a dialog. Without scripts the same link opens a page. */
import { announce, must, on } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { openMenu } from "./moderate.js";

/** @param {HTMLElement} list the chat's lines @param {string} room the room's path */
export function enhanceReports(list, room) {
  on("click", ".msg-actions[data-report]", (link, event) => {
    const line = link.closest(".msg");
    if (!(line instanceof HTMLElement) || !line.dataset.seq) return;
    event.preventDefault();
    const [seq, name] = [Number(line.dataset.seq), must("[data-name]", line).textContent ?? ""];
    const reasons = [
      { text: t("js-moderation-reason-fraud"), reason: "fraud" },
      { text: t("js-moderation-reason-abuse"), reason: "abuse" },
      { text: t("js-moderation-reason-privacy"), reason: "privacy" },
      { text: t("js-moderation-reason-advert"), reason: "advert" },
      { text: t("js-moderation-reason-other"), reason: "other" },
    ];
    openMenu(t("js-moderation-report", { name }), line, link, reasons, ({ reason }) => report(`${room}/reports`, { seq, reason }));
  }, list);
}

/** @param {string} path @param {{seq: number, reason: string}} body */
async function report(path, body) {
  try {
    await post(path, body);
    announce(t("js-moderation-reported"));
    toast(t("js-moderation-reported"), { kind: "success" });
  } catch (error) {
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
  }
}
