// The streams a page follows: where each stands, and which handlers want its events. Pure, no I/O.

export class Subscriptions {
  constructor({ onError = (error) => setTimeout(() => { throw error; }) } = {}) {
    this.entries = new Map();
    this.onError = onError;
  }

  /** Add a handler; the returned function removes it and says whether nobody follows the stream any more. */
  add(stream, { after = null, onEvents, onReset, onRefused }) {
    let entry = this.entries.get(stream);
    if (!entry) {
      entry = { cursor: after, acknowledged: after ?? 0, handlers: new Set() };
      this.entries.set(stream, entry);
    } else if (after !== null && (entry.cursor === null || after < entry.cursor)) {
      // What one page part has not seen comes again, and those who saw it are not told twice.
      for (const handler of entry.handlers) handler.seen ??= entry.cursor;
      entry.cursor = after;
    }
    const handler = { onEvents, onReset, onRefused, seen: after ?? entry.cursor };
    entry.handlers.add(handler);
    return () => {
      entry.handlers.delete(handler);
      if (entry.handlers.size > 0 || this.entries.get(stream) !== entry) return false;
      this.entries.delete(stream);
      return true;
    };
  }

  has(stream) {
    return this.entries.has(stream);
  }

  streams() {
    return [...this.entries.keys()];
  }

  /** The number of the newest event seen; null when the stream starts with whatever is new. */
  cursor(stream) {
    return this.entries.get(stream)?.cursor ?? null;
  }

  /** The server delivers from `seq` on; that is where a stream without a cursor starts. */
  subscribed(stream, seq) {
    const entry = this.entries.get(stream);
    if (entry && entry.cursor === null) entry.cursor = seq;
  }

  /** Hand out the events that were not seen yet. */
  deliver(stream, events) {
    const entry = this.entries.get(stream);
    const fresh = entry ? newerThan(entry.cursor, events) : [];
    if (fresh.length === 0) return;
    entry.cursor = fresh.at(-1).seq;
    for (const handler of [...entry.handlers]) {
      const unseen = newerThan(handler.seen, fresh);
      handler.seen = Math.max(handler.seen ?? 0, entry.cursor);
      if (unseen.length > 0) this.tell(() => handler.onEvents(unseen));
    }
  }

  /** Events were lost for good: the page has to load its content anew. */
  reset(stream, seq) {
    const entry = this.entries.get(stream);
    if (!entry) return;
    entry.cursor = seq;
    for (const handler of [...entry.handlers]) {
      handler.seen = seq;
      this.tell(() => handler.onReset?.(seq));
    }
  }

  rebase(stream, seq) {
    const entry = this.entries.get(stream);
    if (!entry) return;
    entry.cursor = Math.max(entry.cursor ?? 0, seq);
    for (const handler of entry.handlers) handler.seen = Math.max(handler.seen ?? 0, seq);
  }

  /** The stream may not be read, or not any more. */
  refused(stream, error) {
    const entry = this.entries.get(stream);
    if (!entry) return;
    this.entries.delete(stream);
    for (const handler of entry.handlers) this.tell(() => handler.onRefused?.(error));
  }

  /** What was seen since the last call, by stream; null when there is nothing to acknowledge. */
  takeUnacknowledged() {
    const seqs = {};
    for (const [stream, entry] of this.entries) {
      if (entry.cursor !== null && entry.cursor > entry.acknowledged) {
        seqs[stream] = entry.acknowledged = entry.cursor;
      }
    }
    return Object.keys(seqs).length > 0 ? seqs : null;
  }

  /** A handler that fails must not keep the others from their events. */
  tell(handle) {
    try {
      handle();
    } catch (error) {
      this.onError(error);
    }
  }
}

function newerThan(seq, events) {
  return seq === null ? events : events.filter((event) => event.seq > seq);
}
