// @ts-check
/** Booking with scripts: a tapped time is kept for five minutes while the person looks at it, with the time that is left; then it is booked or
 * let go. Without scripts the same form books at once. */
import { announce, el, icon, setText } from "../core/dom.js";
import { Problem, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { formatTime } from "../core/time.js";
import { toast } from "../core/toast.js";
import { left } from "./left.js";

/** @typedef {{id: string, until: string, starts_at: string, answers_url: string}} Claim */

/**
 * @param {Claim} claim
 * @param {HTMLFormElement} form
 */
function ask(claim, form) {
  const { holdText = "", holdZone } = form.dataset;
  const when = formatTime(new Date(claim.starts_at), "datetime", holdZone);
  const time = el("strong", { className: "hold-left" });
  const ok = el("button", { className: "btn btn-primary", value: "ok", textContent: t("js-booking-book") });
  const dialog = el(
    "dialog",
    { className: "dialog", "aria-labelledby": "hold-title" },
    el(
      "form",
      { className: "stack", method: "dialog" },
      el("h2", { id: "hold-title", textContent: t("js-booking-title") }),
      el("p", { textContent: holdText.replace("{time}", when) }),
      el("p", { className: "claim-until" }, icon("clock"), el("span", { textContent: t("js-booking-kept") }), " ", time),
      el("div", { className: "dialog-actions" }, el("button", { className: "btn", type: "button", textContent: t("js-cancel"), "data-cancel": true }), ok),
    ),
  );
  document.body.append(dialog);
  const until = Date.parse(claim.until);
  const tick = () => {
    const ms = until - Date.now();
    setText(time, left(ms));
    if (ms > 0) return;
    dialog.close("late");
  };
  tick();
  const timer = setInterval(tick, 500);
  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    if (target === dialog || target.closest("[data-cancel]")) dialog.close("");
  });
  return new Promise((/** @type {(answer: string) => void} */ resolve) => {
    dialog.addEventListener("close", () => {
      clearInterval(timer);
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
    ok.focus();
  });
}

/** @param {HTMLFormElement} form */
async function book(form) {
  const url = form.dataset.hold ?? "";
  const data = Object.fromEntries(new FormData(form));
  /** @type {Claim} */
  const claim = await post(url, data);
  // What is let go is over: the next tap is another wish.
  const wish = /** @type {HTMLInputElement} */ (form.elements.namedItem("client_id"));
  wish.value = `${claim.id.slice(0, 13)}-${Date.now().toString(36)}`;
  const answer = await ask(claim, form);
  if (answer === "ok") {
    const interview = await post(claim.answers_url, { answer: "accept" });
    location.assign(interview.url);
    return;
  }
  if (answer === "late") toast(t("js-booking-late"), { kind: "error" });
  else await post(claim.answers_url, { answer: "decline" }).catch(() => {});
}

/** @param {HTMLFormElement} form */
async function submitted(form) {
  form.setAttribute("aria-busy", "true");
  try {
    await book(form);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // Somebody was quicker: the page that says so has the nearest times.
    if (error.status === 409) return form.submit();
    toast(error.message, { kind: "error" });
    announce(error.message, true);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

// Before every other listener, so that nobody takes the form for sent.
document.addEventListener(
  "submit",
  (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("form[data-hold]")) return;
    event.preventDefault();
    if (!form.hasAttribute("aria-busy")) void submitted(form);
  },
  { capture: true },
);
