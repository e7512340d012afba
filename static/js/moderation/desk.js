// @ts-check
/** The review desk by keys: a approve, d delete, m mute, b ban, s skip, u undo. New cases come in by themselves. */
import { announce, must, on, qs, qsa, setText } from "../core/dom.js";
import { Problem, post, request } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** Often enough for a chat, seldom enough for a desk that is open all day. */
const LOOK_MS = 10000;
/** @type {Record<string, string>} */
const KEYS = { a: "approve", d: "delete", m: "mute", b: "ban" };

const desk = must("[data-desk]");
const box = must("[data-cases]", desk);
/** Decided, and when: a list that was on its way does not bring them back, one asked for later does. @type {Map<string, number>} */
const decided = new Map();
let undoable = "";

const cases = () => qsa("[data-case]", box);
/** The case that keys are for: the one with the focus, else the first. */
const current = () => /** @type {HTMLElement | undefined} */ (document.activeElement?.closest("[data-case]") ?? cases()[0]);

function count() {
  setText(qs("[data-count]", desk), t("js-moderation-waiting", { n: cases().length }));
  must("[data-none]", desk).hidden = cases().length > 0;
}

/** @param {HTMLElement | undefined} item */
function focus(item) {
  item?.focus({ preventScroll: true });
  item?.scrollIntoView({ block: "nearest" });
}

/** Takes a case off the page. @param {HTMLElement} item */
function remove(item) {
  decided.set(item.dataset.case ?? "", performance.now());
  const next = /** @type {HTMLElement | null} */ (item.nextElementSibling ?? item.previousElementSibling);
  item.remove();
  count();
  focus(next ?? undefined);
}

/** @param {HTMLElement} item @param {string} decision */
async function decide(item, decision) {
  const id = item.dataset.case ?? "";
  if (!id || item.getAttribute("aria-busy")) return;
  item.setAttribute("aria-busy", "true");
  const reason = /** @type {HTMLInputElement} */ (must("[name=reason]", item)).value;
  try {
    await post(`/reviews/${id}/decisions`, { decision, reason });
  } catch (error) {
    item.removeAttribute("aria-busy");
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
    // Somebody else was faster; the decision is theirs to undo.
    if (error instanceof Problem && error.status === 409) remove(item);
    return;
  }
  const text = qs(`[value=${decision}]`, item)?.textContent ?? "";
  undoable = id;
  remove(item);
  announce(text);
  toast(text, { kind: "success", action: t("js-moderation-undo"), onAction: () => void undo(id) });
}

/** @param {string} id */
async function undo(id) {
  if (!id) return;
  try {
    await request("DELETE", `/reviews/${id}/decisions`);
    decided.delete(id);
    undoable = "";
    toast(t("js-moderation-undone"), { kind: "success" });
    await look();
    focus(cases().find((item) => item.dataset.case === id));
  } catch (error) {
    toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
  }
}

/** @param {HTMLElement} item to the end of the list */
function skip(item) {
  const next = /** @type {HTMLElement | null} */ (item.nextElementSibling);
  box.append(item);
  focus(next ?? item);
}

/** Reads the desk anew and adds what is not on the page; what others decided goes. */
async function look() {
  const asked = performance.now();
  const page = await request("GET", location.pathname, { headers: { Accept: "text/html" } }).then((r) => r.text()).catch(() => "");
  if (!page) return;
  const fresh = qsa("[data-case]", new DOMParser().parseFromString(page, "text/html"));
  const ids = new Set(fresh.map((item) => item.dataset.case));
  // What is listed after it was decided waits again: somebody undid it, or it was reported anew.
  for (const [id, at] of decided) if (ids.has(id) && at < asked) decided.delete(id);
  for (const item of cases()) if (!ids.has(item.dataset.case) && !item.contains(document.activeElement)) item.remove();
  const known = new Set(cases().map((item) => item.dataset.case));
  const added = fresh.filter((item) => !known.has(item.dataset.case) && !decided.has(item.dataset.case ?? ""));
  for (const item of added) box.append(document.adoptNode(item));
  if (added.length) announce(t("js-moderation-new-cases"));
  count();
}

on("submit", "form[action$='/decisions']", (form, event) => {
  const button = /** @type {SubmitEvent} */ (event).submitter;
  const item = /** @type {HTMLElement | null} */ (form.closest("[data-case]"));
  if (!item || !(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  void decide(item, button.value);
}, desk);
on("click", "[data-skip]", (button) => skip(/** @type {HTMLElement} */ (button.closest("[data-case]"))), desk);
document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  // A key that is held down must not decide one after another.
  if (event.repeat || typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const key = event.key.toLowerCase();
  const item = current();
  if (key === "u") void undo(undoable);
  else if (item && key === "s") skip(item);
  else if (item && KEYS[key]) void decide(item, KEYS[key]);
  else return;
  event.preventDefault();
});
void ready.then(() => setInterval(() => document.hidden || void look(), LOOK_MS));
