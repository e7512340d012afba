// @ts-check
/** Older lines: page by page, what lies in a gap, and one that somebody is led to. */
import { el, qs, qsa } from "../core/dom.js";
import { get } from "../core/http.js";
import { t } from "../core/texts.js";
import { toast } from "../core/toast.js";

/** Pages of a hundred that are read to find a message: beyond that it is found in the export. */
const MOST_PAGES = 8;

export class History {
  /** @param {import("./list.js").List} list @param {string} messages where they are read */
  constructor(list, messages) {
    this.list = list;
    this.messages = messages;
  }

  /** Reads the page before the oldest line. @param {number} limit @returns {Promise<boolean>} whether there is more */
  async older(limit) {
    const { entries, more } = await get(`${this.messages}?before=${this.list.first}&limit=${limit}`);
    this.list.addOlder(entries);
    if (!more) qs("[data-chat-older]", this.list.box)?.remove();
    return more;
  }

  /** Brings a message into sight. @param {string} seq */
  async lead(seq) {
    for (let page = 0; page < MOST_PAGES && !this.list.at(seq); page += 1) if (!(await this.older(100))) break;
    const line = this.list.at(seq);
    // A message that the filter leaves out has no place to lead to, unless it is shown after all.
    line?.setAttribute("data-answered", "");
    if (line) this.list.unread.lead(line);
    else toast(t("js-chat-original-far"));
  }

  /** @param {number} from @param {number} to entries that were not replayed: a button fetches the newest of them */
  gap(from, to) {
    const button = el("button", { className: "btn btn-small btn-plain", type: "button", textContent: t("js-chat-gap") });
    const line = el("p", { className: "msg msg-system" }, button);
    // What came after the gap may be on the page already.
    const after = qsa("[data-seq]", this.list.box).find((other) => Number(other.dataset.seq) > to);
    if (after) after.before(line);
    else this.list.box.append(line);
    button.addEventListener("click", async () => {
      const { entries } = await get(`${this.messages}?before=${to + 1}`);
      line.remove();
      for (const older of entries.filter((/** @type {import("./frames.js").Entry} */ entry) => entry.seq >= from)) {
        this.list.add(older);
        // What was taken away meanwhile may still stand above.
        if (older.type === "deleted") this.list.redact({ seq: older.target });
        if (older.type === "purged") this.list.redact({ author: older.target });
      }
      if (entries[0]?.seq > from) this.gap(from, entries[0].seq - 1);
    });
  }
}
