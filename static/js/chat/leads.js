// @ts-check
/** Who leads the room beside its hosts, for the hosts' menus: asked for once, then kept true by what the room tells. */
import { get } from "../core/http.js";

/** A menu does not wait longer. */
const WITHIN_MS = 700;

/** @type {Set<string> | null} */
let known = null;
/** @type {Promise<void> | null} */
let asking = null;

/** @param {string} room its path */
async function ask(room) {
  const list = await get(`${room}/co-hosts`).catch(() => null);
  if (list) known = new Set(list.co_hosts.map((/** @type {{account_id: string}} */ one) => one.account_id));
  asking = null;
}

/** @param {string} room its path @param {string} account */
export async function isCoHost(room, account) {
  if (!known) await Promise.race([(asking ??= ask(room)), new Promise((resolve) => setTimeout(resolve, WITHIN_MS))]);
  return known?.has(account) ?? false;
}

document.addEventListener("room:entry", (event) => {
  const { type, account, presents } = /** @type {CustomEvent} */ (event).detail;
  if (type !== "co-host") return;
  if (presents) known?.add(account);
  else known?.delete(account);
});
document.addEventListener("room:gap", () => (known = null));
