// @ts-check
/** What hosts and organisers can do about a message, in a dialog. Without scripts the same link opens a page. */
import { announce, el, must } from "../core/dom.js";
import { Problem, post, request } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { isCoHost } from "./leads.js";

/** @typedef {{text: string, act: () => unknown, danger?: boolean}} Choice */
/** @typedef {{path: string, body?: object, method?: "DELETE"}} Call */
/** @typedef {Call & {text: string, undo?: Call, danger?: boolean}} Action */

/** @param {string} path @returns {Call} */
const lift = (path) => ({ method: "DELETE", path });

/**
 * @param {string} room its path
 * @param {string} seq
 * @param {string} account
 * @param {{isBooth: boolean, leads: boolean}} now whether the room is an employer's, and the person co-host
 * @returns {Action[]}
 */
function actions(room, seq, account, { isBooth, leads }) {
  const mutes = { path: `${room}/mutes`, undo: lift(`${room}/mutes/${account}`) };
  const bans = { path: `${room}/bans`, undo: lift(`${room}/bans/${account}`), danger: true };
  const block = { text: t("js-moderation-block"), path: `${room}/blocks`, body: { account }, undo: lift(`${room}/blocks/${account}`), danger: true };
  const guests = `${room}/guests`;
  const name = { path: `${room}/co-hosts`, body: { account } };
  const dismiss = lift(`${room}/co-hosts/${account}`);
  return [
    { text: t("js-guests-invite-video"), path: guests, body: { account, video: "1" } },
    { text: t("js-guests-invite-voice"), path: guests, body: { account } },
    { text: t("js-guests-name-captioner"), path: `${room}/captioners`, body: { account }, undo: lift(`${room}/captioners/${account}`) },
    leads ? { text: t("js-co-hosts-take-back"), ...dismiss, undo: name } : { text: t("js-co-hosts-name"), ...name, undo: dismiss },
    { text: t("js-moderation-delete"), path: `${room}/deletions`, body: { seq: Number(seq) }, undo: lift(`${room}/deletions/${seq}`) },
    { text: t("js-moderation-delete-all"), path: `${room}/deletions`, body: { author: account }, undo: lift(`${room}/deletions/${account}`), danger: true },
    { text: t("js-moderation-mute-10m"), body: { account, length: "10m" }, ...mutes },
    { text: t("js-moderation-mute-1h"), body: { account, length: "1h" }, ...mutes },
    { text: t("js-moderation-mute-forever"), body: { account, length: "forever" }, ...mutes },
    { text: t("js-moderation-ban-1h"), body: { account, length: "1h" }, ...bans },
    { text: t("js-moderation-ban-forever"), body: { account, length: "forever" }, ...bans },
    ...(isBooth ? [block] : []),
  ];
}

/** @param {string} room its path @param {HTMLElement} line @param {boolean} isBooth whether it is an employer's @returns {Promise<Choice[]>} */
export async function moderation(room, line, isBooth) {
  const account = line.dataset.author ?? "";
  const all = actions(room, line.dataset.seq ?? "", account, { isBooth, leads: await isCoHost(room, account) });
  return all.map((action) => ({ text: action.text, danger: action.danger, act: () => carryOut(action) }));
}

/**
 * A dialog about a message with a button for each thing that can be done.
 * @param {string} title
 * @param {HTMLElement} line
 * @param {HTMLElement} opener
 * @param {Choice[]} all
 * @param {Choice[]} [first] what is done most, side by side above the others
 */
export function openMenu(title, line, opener, all, first = []) {
  const button = (/** @type {Choice} */ { text, danger, act }) => {
    const made = el("button", { className: danger ? "btn btn-block btn-danger" : "btn btn-block", type: "button", textContent: text });
    made.addEventListener("click", () => {
      dialog.close();
      void act();
    });
    return made;
  };
  const close = el("button", { className: "btn btn-block btn-plain", type: "button", textContent: t("js-cancel") });
  const heading = el("h2", { id: "moderate-title", textContent: title });
  const said = el("p", { className: "muted clamp", textContent: must(".msg-text", line).textContent ?? "" });
  const side = first.length > 0 && el("div", { className: "menu-first" }, ...first.map(button));
  const dialog = el("dialog", { className: "dialog", "aria-labelledby": "moderate-title" }, el("div", { className: "stack stack-s" }, heading, said, side, ...all.map(button), close));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    // Unless what was chosen leads elsewhere, such as into the text field.
    if (document.activeElement === document.body) opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {Action} action */
async function carryOut(action) {
  const { text, undo } = action;
  if (!(await call(action))) return;
  const done = t("js-moderation-done", { what: text });
  announce(done);
  if (undo) toast(done, { kind: "success", action: t("js-moderation-undo"), onAction: () => void takeBack(undo) });
  else toast(done, { kind: "success" });
}

/** @param {Call} undo */
async function takeBack(undo) {
  if (await call(undo)) toast(t("js-moderation-undone"), { kind: "success" });
}

/** Whether the server did it; it says why not. @param {Call} call */
async function call({ method, path, body }) {
  try {
    await (method ? request(method, path) : post(path, body));
    return true;
  } catch (error) {
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
    return false;
  }
}
