// @ts-check
/** One question on the list, made from the blank one that the server rendered, and the order of the list. */
import { el, must, qs, setText } from "../core/dom.js";
import { formatTime } from "../core/time.js";

/** @typedef {{question: string, state: string, author: string, name: string, text: string, answer: string, asked_at: number, votes: number, voted?: boolean, why?: string[]}} Question */

/**
 * @param {HTMLTemplateElement} blank
 * @param {string} room
 * @param {Question} question
 */
export function makeItem(blank, room, question) {
  const item = must(".ask", /** @type {DocumentFragment} */ (blank.content.cloneNode(true)));
  const base = `/rooms/${room}/questions/${question.question}`;
  item.dataset.question = question.question;
  item.dataset.asked = String(question.asked_at);
  must(".ask-vote", item).setAttribute("action", `${base}/votes`);
  qs(".ask-tools", item)?.setAttribute("action", `${base}/state`);
  qs(".ask-undo", item)?.setAttribute("formaction", `${base}/state/undo`);
  const time = must("time", item);
  time.setAttribute("datetime", new Date(question.asked_at).toISOString());
  setText(time, formatTime(new Date(question.asked_at), "time"));
  for (const why of question.why ?? []) must(".ask-meta", item).append(el("span", { className: "badge badge-danger", textContent: why }));
  setVoted(item, Boolean(question.voted));
  return item;
}

/** @param {HTMLElement} item @param {Question} question */
export function fillItem(item, question) {
  item.dataset.state = question.state;
  setText(qs("[data-name]", item), question.name);
  setText(qs("[data-text]", item), question.text);
  const answer = must("[data-answer]", item);
  setText(answer, question.answer);
  answer.hidden = !question.answer;
  const write = /** @type {HTMLInputElement | null} */ (qs(".ask-write", item));
  if (write) {
    // What a host has typed and not sent is not taken away.
    const unsent = write.value !== write.defaultValue;
    write.defaultValue = question.answer;
    if (!unsent) write.value = question.answer;
  }
  setVotes(item, question.votes);
}

/** @param {HTMLElement} item @param {number} votes */
export function setVotes(item, votes) {
  item.dataset.votes = String(votes);
  setText(qs("[data-count]", item), String(votes));
}

/** @param {HTMLElement} item @param {boolean} voted */
export function setVoted(item, voted) {
  must(".ask-vote button", item).setAttribute("aria-pressed", String(voted));
}

/** @param {HTMLElement} item */
export const isVoted = (item) => qs(".ask-vote button", item)?.getAttribute("aria-pressed") === "true";
