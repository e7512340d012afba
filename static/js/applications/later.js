// @ts-check
/** Sends the applications that wait for a network, on whatever page somebody is when there is one. The server takes each only once. */
import { Problem, request } from "../core/http.js";
import { ready, t } from "../core/texts.js";
import { toast } from "../core/toast.js";
import { bodyOf, forget, save, waiting } from "./drafts.js";

/** A resume over a weak network. */
const TIMEOUT_MS = 120000;
const AGAIN_MS = 30000;

/**
 * @param {import("./drafts.js").Draft} draft
 * @returns {Promise<string>} where the application is
 * @throws {Problem}
 */
export async function send(draft) {
  const answer = await request("POST", draft.path, { body: bodyOf(draft), timeout: TIMEOUT_MS });
  const { url } = await answer.json();
  // Sent again because this failed, it would still be one application.
  await forget(draft.account, draft.path).catch((error) => console.warn("a draft was not forgotten", error));
  return url;
}

/** One tab sends at a time. @param {() => Promise<void>} work */
const alone = (work) => (navigator.locks ? navigator.locks.request("applications", work) : work());

export const flush = () =>
  alone(async () => {
    for (const draft of await waiting()) {
      try {
        const url = await send(draft);
        toast(t("js-applications-sent-later", { title: draft.title }), { kind: "success", action: t("js-applications-open"), onAction: () => location.assign(url) });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.temporary) return;
        // It will not go by itself: somebody has to look at it.
        await save({ ...draft, waiting: false });
        toast(t("js-applications-stuck", { title: draft.title, why: error.message }), { kind: "error", action: t("js-applications-look"), onAction: () => location.assign(draft.path) });
      }
    }
  });

let started = false;

/** Tries now, when the network is back, and every half a minute. */
export function watch() {
  if (started) return;
  started = true;
  const go = () => void ready.then(flush).catch((error) => console.warn("an application was not sent", error));
  addEventListener("online", go);
  addEventListener("pageshow", go);
  setInterval(() => navigator.onLine && go(), AGAIN_MS);
  go();
}
