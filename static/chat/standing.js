// What becomes of one's place in the room while the page is open: archived, muted, put out.

/** What the page says in the composer's stead, or "" where one may write again. */
export function closedText({ archived, mutedUntil, revoked, kind }, timeText, now = Date.now()) {
  if (revoked) return kind === "public" ? "You are banned from this room." : "You can no longer read this room.";
  if (archived) return "This room is archived: it can be read, not written in.";
  if (mutedUntil && new Date(mutedUntil) > now) return `You are muted in this room until ${timeText(mutedUntil)}.`;
  return "";
}

export class Standing {
  /** `box` has #closed and, for who may write, the #composer; `onRevoked` is called when the room is closed for good. */
  constructor({ room, userId, timeText, onRevoked }) {
    Object.assign(this, { room, userId, timeText, onRevoked });
    this.state = { archived: room.dataset.archived === "1", mutedUntil: null, revoked: false, kind: room.dataset.kind };
  }

  take({ type, data }) {
    if (type === "room.changed") this.change({ archived: data.archived });
    else if (type === "member.changed" && data.user_id === this.userId) this.change({ mutedUntil: data.muted_until });
  }

  revoke() {
    this.change({ revoked: true });
    this.onRevoked();
  }

  change(part) {
    const before = closedText(this.state, this.timeText);
    Object.assign(this.state, part);
    const text = closedText(this.state, this.timeText);
    if (text === before) return;
    const composer = document.getElementById("composer");
    // Who came in unable to write has no composer: the page is loaded with one.
    if (!text && !composer) return location.reload();
    for (const part of this.room.querySelectorAll("#composer, #composer-help, #thread-composer, .room__join:not(#closed)"))
      part.hidden = Boolean(text);
    const line = document.getElementById("closed");
    line.textContent = text;
    line.hidden = !text;
    clearTimeout(this.timer);
    if (text && this.state.mutedUntil) {
      const wait = new Date(this.state.mutedUntil) - Date.now();
      this.timer = setTimeout(() => this.change({ mutedUntil: null }), Math.min(Math.max(wait, 0), 2 ** 31 - 1));
    }
  }
}
