// @ts-check
/** Times of one zone for people whose clocks show another. */
import { lang } from "../core/texts.js";
import { formatTime } from "../core/time.js";

/** What people call the zone of this device. */
export function ownZone() {
  const parts = new Intl.DateTimeFormat(lang, { timeZoneName: "longGeneric" }).formatToParts(new Date());
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * The time on the viewer's clock if it differs from that in `zone`; with the weekday if that differs too.
 * @param {Date} date
 * @param {string} zone
 * @param {string} [own] the viewer's; that of the device if absent
 * @returns {string} empty if the clocks agree or the zone is unknown here
 */
export function there(date, zone, own) {
  if (Number.isNaN(date.getTime())) return "";
  try {
    if (formatTime(date, "datetime", own) === formatTime(date, "datetime", zone)) return "";
    const time = formatTime(date, "time", own);
    if (formatTime(date, "date", own) === formatTime(date, "date", zone)) return time;
    return `${new Intl.DateTimeFormat(lang, { weekday: "short", timeZone: own }).format(date)} ${time}`;
  } catch {
    return "";
  }
}
