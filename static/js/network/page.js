// @ts-check
/** The page of the network test: runs the tests one after another and puts them into words. */
import { announce, icon, must, qs, qsa, setText } from "../core/dom.js";
import { ready, t } from "../core/texts.js";
import { http, media, socket } from "./probe.js";
import { LOOKS, figures, verdict } from "./verdict.js";

/** @typedef {import("./probe.js").Result} Result */

/** @type {Record<string, () => Promise<Result>>} */
const TESTS = { http, socket, udp: () => media("udp"), tcp: () => media("tcp"), web: () => media("web") };
/** @type {Record<string, {badge: string, icon: string}>} */
const MARKS = {
  ok: { badge: "badge-success", icon: "check" },
  weak: { badge: "badge-warn", icon: "warning" },
  fail: { badge: "badge-danger", icon: "close" },
  busy: { badge: "badge-warn", icon: "clock" },
  unsupported: { badge: "badge-warn", icon: "warning" },
};

const rows = qsa("[data-test]");
const again = /** @type {HTMLButtonElement} */ (must("#again"));
const ports = must("#rows").dataset.ports ?? "";

async function run() {
  again.disabled = true;
  must("#report").hidden = true;
  for (const row of rows) mark(row, "", t("js-network-waiting"), "");
  show("unknown", t("js-network-running"), t("js-network-running-text"), true);
  /** @type {Record<string, Result>} */
  const results = {};
  for (const row of rows) {
    const name = row.dataset.test ?? "";
    mark(row, "running", t("js-network-testing"), "");
    const result = results[name] = (await TESTS[name]?.()) ?? { state: "unsupported" };
    mark(row, result.state, words(name, result), figures(result));
    // Without the server nothing else can be asked of it.
    if (name === "http" && result.state === "fail") break;
  }
  for (const row of rows) if (!results[row.dataset.test ?? ""]) mark(row, "", t("js-network-skipped"), "");
  conclude(results);
}

/** @param {string} name @param {Result} result */
function words(name, { state }) {
  return t(state === "ok" || state === "fail" ? `js-network-${name}-${state}` : `js-network-way-${state}`);
}

/** @param {Record<string, Result>} results */
function conclude(results) {
  const means = verdict(results);
  const title = t(`js-network-${means}`);
  show(means, title, t(`js-network-${means}-text`, { ports, host: location.hostname }), false);
  announce(title);
  const report = [
    `${t("js-network-report")} ${new Date().toISOString()}`,
    `${location.origin} · ${must("#seen").dataset.family} · ${must("#seen").dataset.http}`,
    ...rows.map((row) => `${qs("[data-name]", row)?.textContent}: ${qs("[data-says]", row)?.textContent} ${qs("[data-figures]", row)?.textContent}`.trim()),
    `→ ${title}`,
    navigator.userAgent,
  ].join("\n");
  must("#report-text").textContent = report;
  must("#copy-report").dataset.copy = report;
  must("#report").hidden = false;
  must("#result").dataset.verdict = means;
  again.disabled = false;
}

/** @param {HTMLElement} row @param {string} state @param {string} says @param {string} numbers */
function mark(row, state, says, numbers) {
  const box = must("[data-mark]", row);
  const { badge = "", icon: symbol = "" } = MARKS[state] ?? {};
  box.className = `badge ${badge}`;
  box.replaceChildren(state === "running" ? Object.assign(document.createElement("span"), { className: "spinner" }) : symbol ? icon(symbol) : "·");
  row.dataset.state = state;
  setText(qs("[data-says]", row), says);
  setText(qs("[data-figures]", row), numbers);
}

/** @param {import("./verdict.js").Verdict} means @param {string} title @param {string} text @param {boolean} busy */
function show(means, title, text, busy) {
  const box = must("#result");
  box.className = `banner ${LOOKS[means].kind}`;
  box.querySelector(".icon, .spinner")?.replaceWith(busy ? Object.assign(document.createElement("span"), { className: "spinner" }) : icon(LOOKS[means].icon));
  box.setAttribute("aria-busy", String(busy));
  delete box.dataset.verdict;
  setText(qs("#result-title"), title);
  setText(qs("#result-text"), text);
}

again.addEventListener("click", () => void run());
void ready.then(run);
