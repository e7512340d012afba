// @ts-check
/** Shows `<time datetime>` in the viewer's own zone. `data-format`: time, date, datetime (default), ago. With `data-zone`
 * the time there is added where the clocks differ, so that nobody comes an hour late to an interview in another zone. */
import { qsa } from "./dom.js";
import { lang, t } from "./texts.js";

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const FORMATS = {
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  date: { month: "long", day: "numeric", weekday: "short" },
  datetime: { month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
};

/**
 * @param {Date} date
 * @param {string} [format]
 * @param {string} [zone] an IANA name; the viewer's own if absent
 * @returns {string}
 */
export function formatTime(date, format = "datetime", zone) {
  if (format === "ago") return formatAgo(date, Date.now());
  return new Intl.DateTimeFormat(lang, { ...(FORMATS[format] ?? FORMATS.datetime), timeZone: zone }).format(date);
}

/**
 * @param {Date} date
 * @param {number} now in milliseconds
 * @returns {string}
 */
export function formatAgo(date, now) {
  const minutes = Math.round((date.getTime() - now) / 60000);
  if (minutes === 0) return t("js-just-now");
  const format = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  if (Math.abs(minutes) < 60) return format.format(minutes, "minute");
  if (Math.abs(minutes) < 60 * 24) return format.format(Math.round(minutes / 60), "hour");
  return format.format(Math.round(minutes / 60 / 24), "day");
}

/**
 * Rewrites the times under `root`.
 * @param {ParentNode} [root]
 */
export function localiseTimes(root = document) {
  for (const element of qsa("time[datetime]:not([data-shown])", root)) {
    const date = new Date(element.getAttribute("datetime") ?? "");
    if (Number.isNaN(date.getTime())) continue;
    const { format, zone } = element.dataset;
    try {
      const own = formatTime(date, format);
      const there = zone ? formatTime(date, format, zone) : own;
      element.textContent = own === there || format === "ago" ? own : t("js-time-there", { own, there: formatTime(date, "time", zone) });
      element.dataset.shown = "";
    } catch {
      // A zone this browser does not know: what the server wrote stays.
    }
  }
}

/** Keeps `data-format="ago"` true while the page stays open. */
export function keepTimesFresh() {
  setInterval(() => {
    if (document.hidden) return;
    for (const element of qsa("time[data-format=ago]")) delete element.dataset.shown;
    localiseTimes();
  }, 60000);
}
