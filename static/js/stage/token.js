// @ts-check
/** Makes a token for OBS without leaving the studio, where a stream may be running. */
import { must, qs } from "../core/dom.js";
import { setPending } from "../core/forms.js";
import { Problem, post } from "../core/http.js";
import { toast } from "../core/toast.js";

/** @param {HTMLFormElement} form */
export async function make(form) {
  setPending(form, true);
  try {
    const { token } = await post(form.action);
    const input = /** @type {HTMLInputElement} */ (must("#whip-token"));
    input.value = token;
    must("#copy-token").dataset.copy = token;
    must("#token-field").hidden = false;
    qs("#whip-token")?.focus();
  } catch (error) {
    if (error instanceof Problem) toast(error.message, { kind: "error" });
  } finally {
    setPending(form, false);
  }
}
