// @ts-check
/** The page of a captioner: what is typed goes out, and what everybody sees comes back. */
import { ready } from "../core/texts.js";
import { get } from "../core/http.js";
import { must } from "../core/dom.js";
import { Wire } from "../chat/wire.js";
import { showCaptions } from "./captions.js";

const room = must("[data-room]").dataset.room ?? "";
const nothing = () => {};
const socket = `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/rooms/${room}/socket`;

await ready;
await import("./caption-desk.js");
// Only what comes from now on: this page shows no chat.
const history = await get(`/rooms/${room}/messages?limit=1`).catch(() => ({ last_seq: 0 }));
const wire = new Wire(
  { socket, messages: `/rooms/${room}/messages`, since: history.last_seq },
  {
    state: nothing,
    entry: nothing,
    gap: nothing,
    presence: nothing,
    reactions: nothing,
    typing: nothing,
    passing: nothing,
    rest: nothing,
    answer: nothing,
    pulse: nothing,
    welcome: (frame) => void (/** @type {any} */ (frame).captions?.length && showCaptions(/** @type {any} */ (frame).captions)),
    passed: (frame) => frame.type === "caption" && showCaptions(frame.lines),
  },
  { get },
);
wire.connect();
