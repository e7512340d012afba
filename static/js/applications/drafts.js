// @ts-check
/** Applications that are not sent yet, on this device: what was typed and picked, and whether it waits for a network. Knows no page. */

/**
 * @typedef {object} Draft
 * @property {string} path where it is sent to; one draft for each posting and account
 * @property {string} account whose it is; empty for somebody who is not signed in
 * @property {string} title of the posting
 * @property {Record<string, string>} fields
 * @property {Record<string, File>} files
 * @property {boolean} waiting said yes to, and to be sent as soon as there is a network
 * @property {number} at when it was last changed
 */

const KEPT_MS = 30 * 86400e3;
/** Of somebody unknown, on what may be anybody's phone. */
const KEPT_UNKNOWN_MS = 86400e3;
/** Set as long as something waits, so that other pages need not open the database to know. */
const FLAG = "applications";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("spring-breeze", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("applications", { keyPath: ["account", "path"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} ask
 * @returns {Promise<T>} once it is on the disk
 */
async function within(mode, ask) {
  const db = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = db.transaction("applications", mode, { durability: "strict" });
      const request = ask(transaction.objectStore("applications"));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? request.error);
    });
  } finally {
    db.close();
  }
}

/** @param {string} account @param {string} path @returns {Promise<Draft | undefined>} */
export async function load(account, path) {
  const draft = await within("readonly", (store) => store.get([account, path]));
  return draft && Date.now() - draft.at < (account ? KEPT_MS : KEPT_UNKNOWN_MS) ? draft : undefined;
}

/** @param {Draft} draft */
export async function save(draft) {
  await within("readwrite", (store) => store.put(draft));
  await mark();
}

/** @param {string} account @param {string} path */
export async function forget(account, path) {
  await within("readwrite", (store) => store.delete([account, path]));
  await mark();
}

/** What is to be sent, oldest first. @returns {Promise<Draft[]>} */
export async function waiting() {
  /** @type {Draft[]} */
  const all = await within("readonly", (store) => store.getAll());
  return all.filter((draft) => draft.waiting).sort((a, b) => a.at - b.at);
}

/** Everything goes: whoever signs out leaves nothing on the device. */
export async function forgetAll() {
  await within("readwrite", (store) => store.clear());
  await mark();
}

async function mark() {
  const some = (await waiting()).length > 0;
  try {
    if (some) localStorage.setItem(FLAG, "1");
    else localStorage.removeItem(FLAG);
  } catch {
    // A browser that keeps no settings: the page of the application itself still sends it.
  }
}

/** The body of a draft's request. @param {Draft} draft */
export function bodyOf(draft) {
  const body = new FormData();
  for (const [name, value] of Object.entries(draft.fields)) body.set(name, value);
  for (const [name, file] of Object.entries(draft.files)) body.set(name, file, file.name);
  return body;
}
