// @ts-check
/** Follows something of a line that is asked for: at once when the line moves, and now and then in any case. */
import { Problem, get } from "../core/http.js";
import { listen } from "./news.js";
import { nextDelay } from "./rhythm.js";

/**
 * @param {string} room
 * @param {string} what `queue/place` or `desk/next`
 * @param {(now: any) => boolean | void} show false if there is nothing to follow any more
 * @param {() => void} [gone] it is not there, or no longer ours
 */
export function follow(room, what, show, gone) {
  const url = `/rooms/${room}/${what}`;
  let failures = 0;
  /** @type {number | null} */
  let position = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const news = listen(room, () => void ask(), () => position);

  function stop() {
    clearTimeout(timer);
    news.stop();
    document.removeEventListener("visibilitychange", seen);
  }

  async function ask() {
    clearTimeout(timer);
    /** @type {number | null} */
    let retryAfter = null;
    try {
      const now = await get(url, { timeout: 8000 });
      failures = 0;
      position = now.position ?? null;
      if (show(now) === false) return stop();
    } catch (error) {
      failures += 1;
      if (error instanceof Problem) retryAfter = error.retryAfter;
      if (error instanceof Problem && !error.temporary) {
        stop();
        return gone?.();
      }
    }
    clearTimeout(timer);
    timer = setTimeout(ask, nextDelay(failures, retryAfter, Math.random(), news.told()));
  }

  const seen = () => document.hidden || void ask();
  document.addEventListener("visibilitychange", seen);
  void ask();
}
