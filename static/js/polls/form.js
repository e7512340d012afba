// @ts-check
/** A poll on the page: read from what the server rendered, or made anew. */
import { el, must, qs, qsa, setText } from "../core/dom.js";
import { t } from "../core/texts.js";

/** @typedef {{text: string, count: number, percent: number, chosen: boolean}} Choice */
/** @typedef {{poll: string, question: string, multiple: boolean, closed: boolean, ends_at: number | null, voters: number, options: Choice[], voted: boolean, counted: boolean}} Poll */

/** @param {HTMLElement} form @returns {Poll} */
export function readPoll(form) {
  const options = qsa(".poll-option", form).map((option) => {
    const input = /** @type {HTMLInputElement} */ (must("input", option));
    const percent = /** @type {HTMLMeterElement} */ (must("meter", option)).value;
    return { text: must("[data-option]", option).textContent ?? "", count: Number(option.dataset.count), percent, chosen: input.checked };
  });
  const ends = qs("time", form)?.getAttribute("datetime");
  return {
    poll: form.dataset.poll ?? "",
    question: must("legend", form).textContent ?? "",
    multiple: must("input", form).getAttribute("type") === "checkbox",
    closed: "closed" in form.dataset,
    ends_at: ends ? Date.parse(ends) : null,
    voters: Number(form.dataset.voters),
    options,
    voted: "voted" in form.dataset,
    counted: "counted" in form.dataset,
  };
}

/** Puts other numbers where they stand, if that is all; false if the form must be made anew. @param {HTMLElement} form @param {Poll} poll @param {boolean} may */
export function renumber(form, poll, may) {
  const { dataset } = form;
  const same = dataset.poll === poll.poll && "closed" in dataset === poll.closed && "voted" in dataset === poll.voted && "counted" in dataset === poll.counted;
  if (!same || Boolean(qs(".poll-vote", form)) !== (may && !poll.closed)) return false;
  form.dataset.voters = String(poll.voters);
  setText(qs("[data-voters]", form), t("js-polls-voters", { n: poll.voters }));
  qsa(".poll-option", form).forEach((option, n) => {
    const { count, percent } = poll.options[n] ?? { count: 0, percent: 0 };
    option.dataset.count = String(count);
    setText(qs(".poll-number", option), poll.counted ? t("js-polls-option-result", { count, percent }) : "");
    /** @type {HTMLMeterElement} */ (must("meter", option)).value = percent;
  });
  return true;
}

/**
 * @param {string} room
 * @param {Poll} poll
 * @param {boolean} may whether the viewer may vote
 */
export function makePoll(room, poll, may) {
  const option = (/** @type {Choice} */ { text, count, percent, chosen }, /** @type {number} */ n) =>
    el("label", { className: "poll-option", "data-count": count },
      el("input", { type: poll.multiple ? "checkbox" : "radio", name: "choices", value: String(n), checked: chosen }),
      el("span", { className: "poll-text" }, el("span", { "data-option": true, textContent: text }), chosen && poll.closed && el("span", { className: "badge badge-brand", textContent: t("js-polls-own") })),
      el("span", { className: "poll-number num", textContent: poll.counted ? t("js-polls-option-result", { count, percent }) : "" }),
      el("meter", { className: "poll-bar", min: 0, max: 100, value: percent, "aria-hidden": "true" }));
  const state = el("p", { className: "poll-state" },
    el("span", { className: `badge ${poll.closed ? "badge-success" : "badge-live"}`, textContent: t(poll.closed ? "js-polls-over" : "js-polls-open") }),
    poll.multiple && !poll.closed && el("span", { textContent: t("js-polls-multiple-hint") }),
    el("span", { className: "num", "data-voters": true, textContent: t("js-polls-voters", { n: poll.voters }) }),
    Boolean(poll.ends_at) && !poll.closed && el("span", { className: "num", "data-until": true }));
  return el("form", { className: "poll", method: "post", action: `/rooms/${room}/polls/${poll.poll}/votes`, "data-poll": poll.poll, "data-voted": poll.voted, "data-counted": poll.counted, "data-closed": poll.closed },
    el("fieldset", { disabled: poll.closed || !may }, el("legend", { className: "poll-question", textContent: poll.question }), state, ...poll.options.map(option)),
    el("p", { className: "field-error", "data-poll-error": true, role: "alert", hidden: true }),
    !poll.closed && may && el("button", { className: "btn btn-primary poll-vote", textContent: t(poll.voted ? "js-polls-change" : "js-polls-vote") }));
}
