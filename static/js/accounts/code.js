// @ts-check
/** The page that asks for a code: "send again" counts down first, so that nobody orders five codes and types the wrong one. */
import { qs, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";

const button = /** @type {HTMLButtonElement | null} */ (qs("button[data-wait]"));

/** @param {HTMLButtonElement} button */
function countDown(button) {
  const label = button.textContent ?? "";
  const until = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    setText(button, left > 0 ? t("js-accounts-code-wait", { n: left }) : label);
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
}

if (button) void ready.then(() => countDown(button));
