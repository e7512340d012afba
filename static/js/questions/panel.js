// @ts-check
/** The questions of a room: asking and voting without a reload, and the list kept true by what the room's socket tells. */
import { announce, later, must, on, qs, setText } from "../core/dom.js";
import { Problem, get, json, post } from "../core/http.js";
import { setPending } from "../core/forms.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { newId } from "../chat/composer.js";
import { isVoted, setVoted, setVotes } from "./item.js";
import { List } from "./list.js";

const panel = must("[data-questions]");
const room = `/rooms/${panel.dataset.questions}/questions`;
const list = new List(panel);
const form = /** @type {HTMLFormElement} */ (must("[data-ask]", panel));
const naming = /** @type {HTMLFormElement} */ (must("[data-ask-name]", panel));
const text = /** @type {HTMLTextAreaElement} */ (must("textarea", form));
/** Pages that come back at the same time ask one after the other. */
const SPREAD_MS = 4000;
const SELDOM_MS = 10000;
let refreshed = Date.now();
/** Who asks; a name may come later than the page. */
let account = panel.dataset.account ?? "";

/** @param {boolean} [always] also if it was read just now */
export async function refresh(always = false) {
  if (!always && (Date.now() - refreshed < SELDOM_MS || document.hidden)) return;
  refreshed = Date.now();
  const all = await get(`${room}.json`).catch(() => null);
  if (all) list.replace(all);
}

/** @param {unknown} error */
function refuse(error) {
  if (error instanceof Problem && error.status === 401) return askName();
  toast(error instanceof Problem ? error.message : String(error), { kind: "error" });
}

function askName() {
  [naming.hidden, form.hidden] = [false, true];
  must("input[name=name]", naming).focus();
}

/** Whoever has a name may ask. @param {{account: string}} you */
function named(you) {
  account = you.account;
  if (naming.hidden) return;
  [naming.hidden, form.hidden] = [true, false];
}

/** @param {string} [said] */
function complain(said = "") {
  let line = qs(".asks-error", panel);
  if (!line && said) {
    line = document.createElement("p");
    line.className = "chat-state asks-error";
    line.setAttribute("role", "alert");
    form.before(line);
  }
  setText(line, said);
  if (line) line.hidden = !said;
  text.toggleAttribute("aria-invalid", Boolean(said));
}

async function ask() {
  if (!text.value.trim()) return;
  setPending(form, true);
  try {
    const asked = await post(room, { text: text.value, client_id: must("[name=client_id]", form).getAttribute("value") });
    text.value = "";
    must("[name=client_id]", form).setAttribute("value", newId());
    complain();
    list.put(asked);
    announce(t(asked.state === "waiting" ? "js-questions-waits" : "js-questions-asked"));
    list.item(asked.question)?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    if (error instanceof Problem && error.status !== 401) complain(error.errors.text ?? error.message);
    else refuse(error);
  } finally {
    setPending(form, false);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void ask();
});
text.addEventListener("input", () => complain());
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  void ask();
});

naming.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const you = await post("/guest", { name: /** @type {HTMLInputElement} */ (must("input[name=name]", naming)).value.trim() });
    named({ account: you.id });
    text.focus();
    document.dispatchEvent(new CustomEvent("room:named", { detail: you }));
  } catch (error) {
    refuse(error);
  }
});

on("submit", ".ask-vote", async (vote, event) => {
  event.preventDefault();
  const item = /** @type {HTMLElement} */ (vote.closest(".ask"));
  const [wanted, before] = [!isVoted(item), Number(item.dataset.votes)];
  if (item.dataset.state === "answered" || item.dataset.state === "waiting") return;
  setVoted(item, wanted);
  setVotes(item, Math.max(0, before + (wanted ? 1 : -1)));
  try {
    const { votes } = await json(wanted ? "POST" : "DELETE", `${room}/${item.dataset.question}/votes`, wanted ? { json: {} } : {});
    setVotes(item, votes);
  } catch (error) {
    setVoted(item, !wanted);
    setVotes(item, before);
    refuse(error);
  }
}, panel);

document.addEventListener("room:entry", (event) => {
  const entry = /** @type {CustomEvent} */ (event).detail;
  if (entry.type === "question") list.put(entry);
  // What of one's own waits for a host is told to nobody, but goes and comes back with the rest.
  if ((entry.type === "purged" || entry.type === "restored-all") && entry.target === account) void refresh(true);
});
document.addEventListener("room:frame", (event) => {
  const frame = /** @type {CustomEvent} */ (event).detail;
  if (frame.type === "question-votes") list.count(frame.votes);
});
document.addEventListener("room:named-already", (event) => named(/** @type {CustomEvent} */ (event).detail.you));
document.addEventListener("room:welcome", (event) => {
  const { you } = /** @type {CustomEvent} */ (event).detail;
  if (you) named(you);
  setTimeout(() => void refresh(), Math.random() * SPREAD_MS);
});
// On a page without a socket the list asks by itself.
if (!qs("[data-chat]")) setInterval(() => void refresh(), SELDOM_MS);
panel.closest("[data-tabs]")?.addEventListener("tabchange", () => list.sort(true));
/** Comes with the right to lead, and stays: what it listens to goes with that right. */
const hosting = later(() => ready.then(() => import("./host.js")).then((host) => host.enhance(list, room)));
const lead = () => "host" in panel.dataset && void hosting();
document.addEventListener("room:lead", () => {
  list.drawn();
  lead();
});
lead();
