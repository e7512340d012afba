// @ts-check
/** The poll of a room: voting without a reload, numbers and result as the room's socket tells them, and the strip below the picture. */
import { announce, el, icon, later, must, on, qs, qsa, setText } from "../core/dom.js";
import { setPending } from "../core/forms.js";
import { Problem, get, post } from "../core/http.js";
import { skewOf } from "../core/skew.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { withCounts } from "./counts.js";
import { makePoll, readPoll, renumber } from "./form.js";

/** @typedef {import("./form.js").Poll} Poll */

const panel = must("[data-polls]");
const place = must("[data-poll-place]", panel);
const room = panel.dataset.polls ?? "";
const base = `/rooms/${room}/polls`;
const isHost = () => "host" in panel.dataset;
const strip = qs("#poll-strip");
/** Pages that come back at the same time ask one after the other. */
const SPREAD_MS = 4000;
const SELDOM_MS = 10000;
let refreshed = Date.now();
let may = !qs("[data-poll-name]", panel) && !("shut" in panel.dataset);
const skew = skewOf(panel.dataset.at);
const shown = qs("[data-poll]", place);
/** @type {Poll | null} */
let poll = shown && readPoll(shown);

function draw() {
  if (!poll) return;
  const old = current();
  // While people vote only numbers change; who is choosing is not disturbed.
  if (old && renumber(old, poll, may)) return frame();
  // What is chosen and not sent yet stays chosen.
  const chosen = old?.dataset.poll === poll.poll && !poll.closed ? picked(old) : null;
  const form = makePoll(room, poll, may);
  if (chosen?.length) for (const input of inputs(form)) input.checked = chosen.includes(Number(input.value));
  const focus = old?.contains(document.activeElement) ? /** @type {HTMLInputElement} */ (document.activeElement).value : null;
  if (old?.dataset.poll === poll.poll && old.hasAttribute("aria-busy")) setPending(form, true);
  place.replaceChildren(form);
  if (focus !== null) (inputs(form).find((input) => input.value === focus) ?? qs(".poll-vote", form))?.focus();
  frame();
}

/** The form that is on the page now. */
const current = () => /** @type {HTMLFormElement | null} */ (qs("[data-poll]", place));

/** What surrounds the poll: strip, mark on the tab, what hosts may do. */
function frame() {
  const runs = Boolean(poll && !poll.closed);
  for (const dot of qsa("[data-poll-dot]")) dot.hidden = !runs || Boolean(poll?.voted);
  if (strip) {
    strip.hidden = !runs;
    setText(qs("[data-question]", strip), poll?.question ?? "");
    setText(qs("[data-voters]", strip), t("js-polls-voters", { n: poll?.voters ?? 0 }));
    setText(qs("[data-show-tab]", strip), t(poll?.voted ? "js-polls-see" : "js-polls-go"));
  }
  const [end, make, name] = ["[data-end-poll]", "[data-make]", "[data-poll-name]"].map((selector) => qs(selector, panel));
  if (end) end.hidden = !runs;
  if (end && poll) end.setAttribute("action", `${base}/${poll.poll}/end`);
  if (make) make.hidden = runs;
  if (name) name.hidden = !runs || may;
  tick();
}

/** @param {ParentNode} form */
const inputs = (form) => /** @type {HTMLInputElement[]} */ (qsa("input[name=choices]", form));
/** @param {ParentNode} form */
const picked = (form) => inputs(form).filter((input) => input.checked).map((input) => Number(input.value));

function tick() {
  const until = qs("[data-until]", place);
  if (!until || !poll?.ends_at) return;
  const seconds = Math.max(0, Math.ceil((poll.ends_at - Date.now() - skew) / 1000));
  setText(until, t("js-polls-left", { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` }));
}

/** @param {any} told an entry of the journal */
function hear(told) {
  const same = poll?.poll === told.poll;
  // Told again it is nothing new.
  if (same && (poll?.closed || !told.closed)) return;
  const options = told.options.map((/** @type {string} */ text, /** @type {number} */ n) => ({ text, count: 0, percent: 0, chosen: same ? Boolean(poll?.options[n]?.chosen) : false }));
  /** @type {Poll} */
  const next = { poll: told.poll, question: told.question, multiple: told.multiple, closed: told.closed, ends_at: told.ends_at ?? null, voters: 0, options, voted: same && Boolean(poll?.voted), counted: isHost() };
  poll = told.result ? withCounts(next, told.result.voters, told.result.counts) : next;
  draw();
  const text = t(told.closed ? "js-polls-result" : "js-polls-new", { question: told.question });
  announce(text);
  if (told.closed && strip && !panel.offsetParent) toast(text, { action: t("js-polls-see"), onAction: () => qs("[data-show-tab=polls]")?.click() });
}

/** @param {boolean} [always] also on a page that nobody sees */
export async function refresh(always = false) {
  if (!always && document.hidden) return;
  refreshed = Date.now();
  const now = await get(`${base}.json`).catch(() => null);
  if (!now?.poll) return;
  poll = now.poll;
  draw();
}

on("submit", "[data-poll]", async (element, event) => {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (element);
  const choices = picked(form);
  const held = form.contains(document.activeElement);
  setPending(form, true);
  try {
    const result = await post(`${base}/${form.dataset.poll}/votes`, { choices });
    if (!poll) return;
    const chosen = poll.options.map((option, n) => ({ ...option, chosen: choices.includes(n) }));
    poll = withCounts({ ...poll, voted: true, options: chosen }, result.voters, result.counts);
    draw();
    const error = qs("[data-poll-error]", place);
    if (error) error.hidden = true;
    announce(t("js-polls-voted"));
  } catch (problem) {
    const said = problem instanceof Problem ? (problem.errors.choices ?? problem.message) : String(problem);
    const error = current()?.dataset.poll === form.dataset.poll && qs("[data-poll-error]", place);
    if (error) {
      error.replaceChildren(icon("warning"), el("span", { textContent: said }));
      error.hidden = false;
    }
    if (problem instanceof Problem && problem.status === 409) void refresh();
  } finally {
    const now = current();
    if (now) setPending(now, false);
    // A button that waited lost the focus.
    if (held && document.activeElement === document.body) qs(".poll-vote", place)?.focus();
  }
}, panel);

on("submit", "[data-poll-name]", async (form, event) => {
  event.preventDefault();
  try {
    const you = await post("/guest", { name: /** @type {HTMLInputElement} */ (must("input[name=name]", form)).value.trim() });
    named();
    document.dispatchEvent(new CustomEvent("room:named", { detail: you }));
  } catch (problem) {
    toast(problem instanceof Problem ? problem.message : String(problem), { kind: "error" });
  }
}, panel);

/** Whoever has a name may vote. */
function named() {
  if (may || "shut" in panel.dataset) return;
  may = true;
  draw();
}

document.addEventListener("room:entry", (event) => {
  const entry = /** @type {CustomEvent} */ (event).detail;
  if (entry.type === "poll") hear(entry);
});
document.addEventListener("room:frame", (event) => {
  const told = /** @type {CustomEvent} */ (event).detail;
  if (told.type !== "poll-votes" || poll?.poll !== told.poll || poll?.closed || !poll) return;
  poll = told.counts && (isHost() || poll.voted) ? withCounts(poll, told.voters, told.counts) : { ...poll, voters: told.voters };
  draw();
});
document.addEventListener("room:named-already", named);
document.addEventListener("room:welcome", (event) => {
  if (/** @type {CustomEvent} */ (event).detail.you) named();
  setTimeout(() => Date.now() - refreshed > SELDOM_MS && void refresh(), Math.random() * SPREAD_MS);
});
if (!qs("[data-chat]")) setInterval(() => void refresh(), SELDOM_MS);
setInterval(tick, 1000);
void ready.then(frame);
/** Comes with the right to lead, and stays: what it listens to goes with that right. */
const hosting = later(() => import("./host.js").then((host) => host.enhance(panel, base, refresh)));
const lead = () => isHost() && void hosting();
document.addEventListener("room:lead", () => {
  frame();
  lead();
  // The numbers are the hosts' to see before the end.
  void refresh(true);
});
lead();
