// @ts-check
/** What hosts and organisers can do about a message, in a dialog. Without scripts the same link opens a page. */
import { announce, el, must, on } from "../core/dom.js";
import { Problem, post, request } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** @typedef {{text: string, path: string, body: object, undo: string, danger?: boolean}} Action */

/**
 * @param {string} room its path
 * @param {string} seq
 * @param {string} account
 * @param {boolean} isBooth whether it is an employer's
 * @returns {Action[]}
 */
function actions(room, seq, account, isBooth) {
  const mutes = { path: `${room}/mutes`, undo: `${room}/mutes/${account}` };
  const bans = { path: `${room}/bans`, undo: `${room}/bans/${account}`, danger: true };
  const block = { text: t("js-moderation-block"), path: `${room}/blocks`, body: { account }, undo: `${room}/blocks/${account}`, danger: true };
  return [
    { text: t("js-moderation-delete"), path: `${room}/deletions`, body: { seq: Number(seq) }, undo: `${room}/deletions/${seq}` },
    { text: t("js-moderation-delete-all"), path: `${room}/deletions`, body: { author: account }, undo: `${room}/deletions/${account}`, danger: true },
    { text: t("js-moderation-mute-10m"), body: { account, length: "10m" }, ...mutes },
    { text: t("js-moderation-mute-1h"), body: { account, length: "1h" }, ...mutes },
    { text: t("js-moderation-mute-forever"), body: { account, length: "forever" }, ...mutes },
    { text: t("js-moderation-ban-1h"), body: { account, length: "1h" }, ...bans },
    { text: t("js-moderation-ban-forever"), body: { account, length: "forever" }, ...bans },
    ...(isBooth ? [block] : []),
  ];
}

/** @param {HTMLElement} list the chat's lines @param {string} room the room's path */
export function enhanceModeration(list, room) {
  on("click", ".msg-actions:not([data-report])", (link, event) => {
    const line = link.closest(".msg");
    if (!(line instanceof HTMLElement) || !line.dataset.author) return;
    event.preventDefault();
    const name = must("[data-name]", line).textContent ?? "";
    openMenu(t("js-moderation-title", { name }), line, link, actions(room, line.dataset.seq ?? "", line.dataset.author, Boolean(list.closest("[data-may-block]"))), carryOut);
  }, list);
}

/**
 * A dialog about a message with a button for each thing that can be done.
 * @template {{text: string, danger?: boolean}} T
 * @param {string} title
 * @param {HTMLElement} line
 * @param {HTMLElement} opener
 * @param {T[]} all
 * @param {(action: T) => unknown} act
 */
export function openMenu(title, line, opener, all, act) {
  const buttons = all.map((action) => {
    const button = el("button", { className: action.danger ? "btn btn-block btn-danger" : "btn btn-block", type: "button", textContent: action.text });
    button.addEventListener("click", () => {
      dialog.close();
      void act(action);
    });
    return button;
  });
  const close = el("button", { className: "btn btn-block btn-plain", type: "button", textContent: t("js-cancel") });
  const heading = el("h2", { id: "moderate-title", textContent: title });
  const said = el("p", { className: "muted clamp", textContent: must(".msg-text", line).textContent ?? "" });
  const dialog = el("dialog", { className: "dialog", "aria-labelledby": "moderate-title" }, el("div", { className: "stack stack-s" }, heading, said, ...buttons, close));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    opener.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {Action} action */
async function carryOut({ text, path, body, undo }) {
  try {
    await post(path, body);
    const done = t("js-moderation-done", { what: text });
    announce(done);
    toast(done, { kind: "success", action: t("js-moderation-undo"), onAction: () => void takeBack(undo) });
  } catch (error) {
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
  }
}

/** @param {string} path */
async function takeBack(path) {
  try {
    await request("DELETE", path);
    toast(t("js-moderation-undone"), { kind: "success" });
  } catch (error) {
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
  }
}
