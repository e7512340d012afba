// @ts-check
/** Tells somebody on whatever page that it is their turn, or nearly. */
import { announce } from "../core/dom.js";
import { lang, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { isNext } from "./next.js";
import { hush, ping, ring } from "./ring.js";

/** @typedef {import("./next.js").Place} Place */

/** @param {string} [text] */
export function tellNext(text = t("js-queue-next")) {
  ping();
  announce(text);
  toast(text);
}

/** @type {() => void} */
let away = () => {};

/**
 * On a page that is not the line's own, and so must say whose turn it is.
 * @param {Place | null} before
 * @param {Place} now
 * @param {string} url of the line
 */
export function tellTurn(before, now, url) {
  const look = { action: t("js-queue-open"), onAction: () => location.assign(url) };
  const name = (lang === "en" && now.booth_en) || now.booth_zh || now.booth_en || "";
  if (isNext(before, now)) tellNext(t("js-queue-next-at", { name }));
  if (now.state === before?.state) return;
  hush();
  away();
  if (now.state !== "called" || now.accepted) return;
  ring(t("js-queue-called"));
  const text = t("js-queue-called-at", { name });
  announce(text, true);
  away = toast(text, { ...look, stays: true });
}
