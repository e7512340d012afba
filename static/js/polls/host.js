// @ts-check
/** What hosts do with polls: start one and end it. */
import { on, qs } from "../core/dom.js";
import { setPending, showErrors } from "../core/forms.js";
import { Problem, post } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/**
 * @param {HTMLElement} panel
 * @param {string} base
 * @param {() => Promise<void>} refresh for a page without a socket
 */
export function enhance(panel, base, refresh) {
  on("submit", "[data-make-poll]", async (element, event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (element);
    const data = new FormData(form);
    const draft = { question: data.get("question"), options: data.getAll("options"), multiple: data.get("multiple") ?? "", seconds: Number(data.get("seconds")) };
    setPending(form, true);
    try {
      await post(base, draft);
      form.reset();
      toast(t("js-polls-opened"), { kind: "success" });
      if (!qs("[data-chat]")) await refresh();
    } catch (problem) {
      if (!(problem instanceof Problem) || !showErrors(form, problem.errors)) toast(problem instanceof Problem ? problem.message : String(problem), { kind: "error" });
    } finally {
      setPending(form, false);
    }
  }, panel);

  on("submit", "[data-end-poll]", async (form, event) => {
    event.preventDefault();
    await post(form.getAttribute("action") ?? "").catch((problem) => toast(problem.message, { kind: "error" }));
    if (!qs("[data-chat]")) await refresh();
  }, panel);
}
