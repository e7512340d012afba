// @ts-check
/** Who else of the employer could come: asked to join, or to take the interview over. */
import { el } from "../core/dom.js";
import { get, request } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** @typedef {{id: string, name: string, here: boolean, busy: boolean}} Colleague */

/** @param {string} url of the interview */
export async function show(url) {
  /** @type {Colleague[]} */
  const all = await get(`${url}/colleagues`).catch((error) => (toast(error.message, { kind: "error" }), []));
  const close = el("button", { type: "button", className: "btn", textContent: t("js-calls-close") });
  const list = all.length ? el("ul", { className: "list colleague-list" }, ...all.map((one) => line(url, one, () => dialog.close()))) : el("p", { textContent: t("js-calls-colleagues-none") });
  const dialog = el("dialog", { className: "dialog", "aria-labelledby": "colleagues-title" }, el("div", { className: "stack" }, el("h2", { id: "colleagues-title", textContent: t("js-calls-colleagues-title") }), list, el("div", { className: "dialog-actions" }, close)));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {string} url @param {Colleague} one @param {() => void} done */
function line(url, one, done) {
  const hint = one.here ? t("js-calls-colleague-here") : one.busy ? t("js-calls-colleague-busy") : "";
  const join = el("button", { type: "button", className: "btn btn-small", textContent: t("js-calls-colleague-join"), disabled: one.here });
  const over = el("button", { type: "button", className: "btn btn-small", textContent: t("js-calls-colleague-over"), disabled: one.busy });
  /** @param {string} what @param {string} text */
  const send = (what, text) =>
    request("POST", `${url}/${what}`, { json: { to: one.id } }).then(
      () => {
        toast(text, { kind: "success" });
        done();
      },
      (error) => toast(error.message, { kind: "error" }),
    );
  join.addEventListener("click", () => void send("colleagues", t("js-calls-colleague-asked", { name: one.name })));
  over.addEventListener("click", () => void send("hand-offs", t("js-calls-colleague-handed", { name: one.name })));
  return el("li", { className: "colleague" }, el("span", {}, el("strong", { textContent: one.name }), " ", el("span", { className: "muted", textContent: hint })), el("span", { className: "row" }, join, over));
}
