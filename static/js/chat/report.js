// @ts-check
/** Telling the moderators of a message. Without scripts the same link opens a page. */
import { announce } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** Why one may report a message. @param {string} room its path @param {number} seq @returns {import("./moderate.js").Choice[]} */
export function reasons(room, seq) {
  const all = [
    { text: t("js-moderation-reason-fraud"), reason: "fraud" },
    { text: t("js-moderation-reason-abuse"), reason: "abuse" },
    { text: t("js-moderation-reason-privacy"), reason: "privacy" },
    { text: t("js-moderation-reason-advert"), reason: "advert" },
    { text: t("js-moderation-reason-other"), reason: "other" },
  ];
  return all.map(({ text, reason }) => ({ text, act: () => report(`${room}/reports`, { seq, reason }) }));
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
