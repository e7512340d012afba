// @ts-check
/** In which lines this browser's person stands, so that any page can tell when it is their turn. A hint alone: the server knows. */

const KEY = "lines";
/** Nobody stands in more lines in earnest. */
const MOST = 5;

/** @returns {string[]} ids of rooms */
export function lines() {
  try {
    const known = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(known) ? known.filter((room) => /^[0-9a-f-]{36}$/.test(room)).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @param {string} room @param {boolean} stands */
export function remember(room, stands) {
  const others = lines().filter((known) => known !== room);
  const now = stands ? [room, ...others] : others;
  try {
    if (now.length) localStorage.setItem(KEY, JSON.stringify(now.slice(0, MOST)));
    else localStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing still tells on the pages of the line.
  }
}
