// @ts-check
/** Requests to this server. Every failure is a `Problem` whose message can be shown to people. */
import { t } from "./texts.js";

/** Long enough for a phone on a weak network, short enough that a person is told before giving up. */
const TIMEOUT_MS = 15000;

/** What went wrong, after RFC 9457. `status` is 0 if no answer came. */
export class Problem extends Error {
  /** @param {{status: number, detail: string, type?: string, code?: string, errors?: Record<string, string>, retryAfter?: number | null}} problem */
  constructor({ status, detail, type = "about:blank", code = "", errors = {}, retryAfter = null }) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.type = type;
    this.code = code;
    this.errors = errors;
    /** Seconds the server asks to wait. */
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later: no answer, overload, a server's own fault. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @typedef {object} Options
 * @property {unknown} [json] sent as a JSON body
 * @property {BodyInit} [body] sent as it is
 * @property {Record<string, string>} [headers]
 * @property {number} [timeout] in milliseconds
 * @property {AbortSignal} [signal]
 */

/**
 * @param {string} method
 * @param {string} url
 * @param {Options} [options]
 * @returns {Promise<Response>} an answer with a status of 2xx
 * @throws {Problem}
 */
export async function request(method, url, { json, body, headers = {}, timeout = TIMEOUT_MS, signal } = {}) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort("timeout"), timeout);
  signal?.addEventListener("abort", () => abort.abort(signal.reason), { once: true });
  const all = new Headers({ Accept: "application/json", ...headers });
  if (json !== undefined) all.set("Content-Type", "application/json");
  try {
    const response = await fetch(url, { method, headers: all, body: json === undefined ? body : JSON.stringify(json), signal: abort.signal, credentials: "same-origin" });
    if (!response.ok) throw await problemOf(response);
    return response;
  } catch (error) {
    if (error instanceof Problem || signal?.aborted) throw error;
    throw new Problem({ status: 0, detail: t(abort.signal.aborted ? "js-timeout" : "js-offline") });
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response */
async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || null;
  const known = (response.headers.get("Content-Type") ?? "").includes("json") ? await response.json().catch(() => ({})) : {};
  const detail = known.detail || known.title || t("js-failed", { n: response.status });
  return new Problem({ status: response.status, detail, type: known.type, code: known.code, errors: known.errors, retryAfter });
}

/**
 * The JSON answer; undefined if the answer has no body.
 * @param {string} method
 * @param {string} url
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function json(method, url, options) {
  const text = await (await request(method, url, options)).text();
  return text ? JSON.parse(text) : undefined;
}

/**
 * @param {string} url
 * @param {Options} [options]
 */
export const get = (url, options) => json("GET", url, options);

/**
 * @param {string} url
 * @param {unknown} [data]
 * @param {Options} [options]
 */
export const post = (url, data = {}, options = {}) => json("POST", url, { json: data, ...options });
