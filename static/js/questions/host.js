// @ts-check
/** What hosts do with questions: one tap or one key each, and undo. */
import { on, qs, qsa } from "../core/dom.js";
import { Problem, get, json, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** What a key does: the button that it presses. @type {Record<string, string>} */
const KEYS = { a: ".ask-take", d: ".ask-done", x: ".ask-drop" };
/** The list of what waits is fetched this often at most. */
const SELDOM_MS = 3000;

/**
 * @param {import("./list.js").List} list
 * @param {string} room
 */
export function enhance(list, room) {
  const { panel } = list;
  /** The question that was dismissed last. */
  let dropped = "";

  const refuse = (/** @type {unknown} */ error) => toast(error instanceof Problem ? error.message : String(error), { kind: "error" });

  /** @param {string} id */
  async function undo(id) {
    if (!id) return;
    dropped = "";
    await json("DELETE", `${room}/${id}/state`).then((question) => list.put(question), refuse);
  }

  on("submit", ".ask-tools", async (tools, event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (/** @type {SubmitEvent} */ (event).submitter);
    const item = /** @type {HTMLElement} */ (tools.closest(".ask"));
    const id = item.dataset.question ?? "";
    if (!button || button.disabled) return;
    if (button.matches(".ask-undo")) return void undo(id);
    const write = /** @type {HTMLInputElement} */ (qs(".ask-write", item));
    const answer = write.value;
    const sends = button.matches(".ask-done, .ask-save");
    button.disabled = true;
    try {
      const next = /** @type {HTMLElement | null} */ (item.nextElementSibling ?? item.previousElementSibling);
      const held = item.contains(document.activeElement);
      const question = await post(`${room}/${id}/state`, { state: button.value, answer: sends ? answer : "" });
      if (sends && write.value === answer) write.defaultValue = answer;
      list.put(question);
      if (held && item.dataset.state !== "answering") next?.focus();
      if (button.value === "dismissed") {
        dropped = id;
        toast(t("js-questions-dismissed"), { action: t("js-questions-undo"), onAction: () => void undo(id) });
      }
    } catch (error) {
      refuse(error);
    } finally {
      button.disabled = false;
    }
  }, panel);

  panel.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Enter" && target.matches(".ask-write") && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      const send = qsa(".ask-done, .ask-save", target.closest(".ask") ?? panel).find((button) => button.offsetParent);
      return send?.click();
    }
    if (!("host" in panel.dataset) || event.ctrlKey || event.metaKey || event.altKey || event.repeat || target.closest("input, textarea, dialog")) return;
    const key = event.key.toLowerCase();
    const item = /** @type {HTMLElement | null} */ (target.closest(".ask"));
    if (key === "z") return void undo(dropped);
    if (key === "j" || key === "k") {
      const items = qsa(".ask", panel).filter((each) => each.offsetParent);
      const at = item ? items.indexOf(item) + (key === "j" ? 1 : -1) : 0;
      items[Math.max(0, Math.min(items.length - 1, at))]?.focus();
      return event.preventDefault();
    }
    const button = item && KEYS[key] ? /** @type {HTMLElement | null} */ (qs(KEYS[key], item)) : null;
    if (button?.offsetParent) button.click();
  });

  on("submit", "[data-approval]", async (form, event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement} */ (qs("button", form));
    const approval = button.value;
    try {
      await post(`${room}/approval`, { approval });
      button.value = approval === "1" ? "0" : "1";
      button.setAttribute("aria-pressed", String(approval === "1"));
      toast(t(approval === "1" ? "js-questions-approval-on" : "js-questions-approval-off"));
    } catch (error) {
      refuse(error);
    }
  }, panel);

  const countWaiting = () => qsa('.ask[data-state="waiting"]', panel).length;
  let waiting = countWaiting();
  let fetched = 0;
  let timer = 0;

  async function fetchList() {
    [timer, fetched] = [0, Date.now()];
    const all = await get(`${room}.json`).catch(() => null);
    if (all) list.replace(all);
  }

  document.addEventListener("room:lead", () => (waiting = countWaiting()));
  // What waits is told as a number; what it says is for hosts alone, so they ask for it.
  document.addEventListener("room:frame", (event) => {
    const frame = /** @type {CustomEvent} */ (event).detail;
    if (frame.type !== "questions-waiting") return;
    if (frame.count > 0 && waiting === 0) toast(t("js-questions-new-waiting"));
    waiting = frame.count;
    timer ||= window.setTimeout(() => void fetchList(), Math.max(0, fetched + SELDOM_MS - Date.now()));
  });
}
