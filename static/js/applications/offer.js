// @ts-check
/** The button that prints an accepted offer. */
import { qs } from "../core/dom.js";

qs("#print")?.addEventListener("click", () => print());
