// The side of a room that shows one thread, and grows with it.

import { Timeline } from "./timeline.js";

export class Thread {
  constructor({ side, call, options }) {
    Object.assign(this, { side, call });
    this.rootId = null;
    this.timeline = new Timeline({ list: side.querySelector("#thread"), ...options, hasAnchors: false });
    side.querySelector("#side-close").addEventListener("click", () => this.close());
    side.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
  }

  async open(id, opener) {
    const { messages } = await this.call("chat.thread", { id });
    this.opener = opener;
    this.rootId = messages[0]?.id ?? null;
    this.timeline.clear();
    for (const message of messages) this.timeline.insert(withoutQuote(message));
    this.side.hidden = false;
    this.side.closest(".room").classList.add("room--with-side");
    (this.side.querySelector("#thread-body") ?? this.side.querySelector("#side-close")).focus();
    this.toEnd();
  }

  close() {
    this.rootId = null;
    this.side.hidden = true;
    this.side.closest(".room").classList.remove("room--with-side");
    this.opener?.focus();
  }

  /** An event of the room, which may be of this thread. */
  take(event) {
    if (this.rootId === null) return;
    if (event.type !== "message.posted") this.timeline.change(event);
    else if (event.data.thread === this.rootId && this.timeline.insert(withoutQuote({ ...event.data, at: event.at })))
      this.toEnd();
  }

  toEnd() {
    this.timeline.list.scrollTop = this.timeline.list.scrollHeight;
  }

  lastRow() {
    // What was deleted cannot be answered.
    const rows = this.timeline.list.querySelectorAll(".msg[data-number]:not(.msg--deleted)");
    return rows[rows.length - 1] ?? null;
  }
}

/** In a thread everything answers what is above: the quote would only repeat it. */
function withoutQuote(message) {
  return { ...message, reply: undefined, client_id: undefined };
}
