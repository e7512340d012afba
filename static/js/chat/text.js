// @ts-check
/** What a message is made of: links, names and the rest, as `src/chat/said.rs` has it. Knows no page. */

/** @typedef {{text: string, href?: string, own?: boolean}} Part `href` of a link, `own` of a name */
/** @typedef {{account: string, name: string}} Mention */

/** Characters of a link that are shown. */
const SHOWN = 48;
/** Characters of a quote, as the server makes it. */
const QUOTED = 80;
/** Chinese goes on without a blank: what is no character of an address ends it. */
const ADDRESS = /^https?:\/\/[a-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+/i;
/** A name or an IPv4 address, perhaps with a port, and nobody's name before it. */
const LINK = /^https?:\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?)(?=[/?#]|$)/i;
const EMOJI = /^(?:(?:\p{RI}{2}|[\u{1F000}-\u{1F1E5}\u{1F200}-\u{1F3FA}\u{1F400}-\u{1FAFF}\u2600-\u27BF\u2B50\u2B55\u231A\u231B\u23F0][\uFE0F\u{1F3FB}-\u{1F3FF}]*(?:\u200D[\u{1F000}-\u{1FAFF}\u2600-\u27BF][\uFE0F\u{1F3FB}-\u{1F3FF}]*)*) *){1,3}$/u;

/**
 * @param {string} text
 * @param {{linked?: boolean, mentions?: Mention[], account?: string}} [of] `linked`: a host or organiser wrote it
 * @returns {Part[]}
 */
export function parts(text, { linked = false, mentions = [], account = "" } = {}) {
  /** @type {Part[]} */
  const found = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const [length, part] = (linked && link(rest)) || named(rest, mentions, account) || [0, null];
    if (!part) {
      plain += text[at];
      at += 1;
      continue;
    }
    if (plain) found.push({ text: plain });
    plain = "";
    found.push(part);
    at += length;
  }
  if (plain) found.push({ text: plain });
  return found;
}

/** @param {string} text @returns {[number, Part] | null} */
function link(text) {
  const href = ADDRESS.exec(text)?.[0].replace(/[.,;:!?'()[\]]+$/, "");
  const host = href && LINK.exec(href);
  if (!host) return null;
  const shown = (host[1] ?? "").toLowerCase() + href.slice(host[0].length).replace(/\/+$/, "");
  return [href.length, { text: shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown, href }];
}

/** @param {string} text @param {Mention[]} mentions @param {string} account @returns {[number, Part] | null} */
function named(text, mentions, account) {
  if (text[0] !== "@" && text[0] !== "＠") return null;
  const fitting = mentions.filter(({ name }) => text.startsWith(name, 1)).sort((a, b) => b.name.length - a.name.length);
  const name = fitting[0]?.name;
  if (name === undefined) return null;
  const own = fitting.some((mention) => mention.name === name && mention.account === account);
  return [1 + name.length, { text: text.slice(0, 1 + name.length), own }];
}

/** Whether a text is one to three emoji. @param {string} text */
export const isEmoji = (text) => EMOJI.test(text);

/** @param {string} text one line of at most so many characters */
export function shortened(text) {
  const line = text.trim().replace(/\s+/g, " ");
  const all = [...line];
  return all.length > QUOTED ? `${all.slice(0, QUOTED).join("")}…` : line;
}

/**
 * What is being typed before the caret that something can be chosen for: a name after `@`, or a quick answer after a `/` at the very
 * beginning.
 * @param {string} text
 * @param {number} caret
 * @returns {{kind: "name" | "answer", from: number, typed: string} | null}
 */
export function wanted(text, caret) {
  const before = text.slice(0, caret);
  if (before.startsWith("/") && !before.includes("\n")) return { kind: "answer", from: 0, typed: before.slice(1).trim().toLowerCase() };
  const at = Math.max(before.lastIndexOf("@"), before.lastIndexOf("＠"));
  const typed = before.slice(at + 1);
  // An address such as a@b.c names nobody.
  if (at < 0 || /[\s@]/.test(typed) || typed.length > 20 || /[A-Za-z0-9]/.test(before[at - 1] ?? "")) return null;
  return { kind: "name", from: at, typed: typed.toLowerCase() };
}
