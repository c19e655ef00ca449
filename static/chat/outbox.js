// What was written and is not known to be stored: sent in its order, one at a time, kept over reloads and lost connections.
//
// An item is {client_id, body, at, state: "waiting" | "sending" | "stored" | "failed", error, until}. The client_id makes
// a second sending harmless: the server answers it with the first one's message. What came too fast waits by itself, and
// what was written after it waits behind it; `until` is when it goes on, in milliseconds.

const WAITED_FOR_SECONDS = 60;

/** In how many seconds a refused sending is worth repeating by itself, or null. */
export function waitOf({ code, data = {} }) {
  const seconds = { too_fast: data.retry_after_seconds, rate_limited: data.retry_after }[code];
  return seconds > 0 && seconds <= WAITED_FOR_SECONDS ? seconds : null;
}

export class Outbox {
  /** `send(item)` resolves to the stored message; an error whose code is "connection_lost" leaves the item waiting. */
  constructor({
    send,
    storage,
    key,
    onChange,
    onStored = () => {},
    newId = randomId,
    now = () => new Date(),
    later = (run, ms) => setTimeout(run, ms),
  }) {
    Object.assign(this, { send, storage, key, onChange, onStored, newId, now, later });
    this.busy = false;
    this.added = 0;
    this.items = this.load();
  }

  add(body, extra = {}) {
    const at = this.now().toISOString();
    const item = { ...extra, client_id: this.newId(), body, at, place: this.added++, state: "waiting", error: "" };
    this.items.push(item);
    this.changed(item);
    this.pump();
    return item;
  }

  retry(clientId) {
    const item = this.find(clientId);
    if (!item || item.state !== "failed") return;
    item.state = "waiting";
    item.error = "";
    this.changed(item);
    this.pump();
  }

  /** Forget an item: it was seen in the stream, or its writer gave it up. */
  drop(clientId) {
    const item = this.find(clientId);
    if (!item) return null;
    this.items = this.items.filter((other) => other !== item);
    this.save(item);
    if (item.until) this.pump();
    return item;
  }

  /** Send what waits; called again whenever a connection stands. */
  async pump() {
    if (this.busy) return;
    this.busy = true;
    try {
      let item;
      while ((item = this.items.find((one) => one.state === "waiting")) && !(item.until > this.now())) {
        if (!(await this.sendOne(item))) break;
      }
    } finally {
      this.busy = false;
    }
  }

  async sendOne(item) {
    item.state = "sending";
    item.until = 0;
    this.changed(item);
    try {
      const message = await this.send(item);
      item.state = "stored";
      this.save(item);
      if (this.find(item.client_id)) this.onStored(item, message);
      return true;
    } catch (error) {
      const lost = error.code === "connection_lost";
      const wait = waitOf(error);
      item.state = lost || wait ? "waiting" : "failed";
      item.error = lost ? "" : error.message;
      item.until = wait ? this.now().getTime() + wait * 1000 : 0;
      if (wait) this.later(() => this.pump(), wait * 1000 + 50);
      if (this.find(item.client_id)) this.changed(item);
      return !lost && !wait;
    }
  }

  find(clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  changed(item) {
    this.save(item);
    this.onChange(item);
  }

  /** What was left by a page that is gone, or waits in another tab: sent by both, it is one message all the same. */
  load() {
    try {
      const keys = Array.from({ length: this.storage.length }, (_, place) => this.storage.key(place));
      return keys
        .filter((key) => key.startsWith(`${this.key}.`))
        .map((key) => JSON.parse(this.storage.getItem(key)))
        .map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item))
        .sort((a, b) => a.at.localeCompare(b.at) || a.place - b.place);
    } catch {
      return [];
    }
  }

  /** Each item has a place of its own in the storage: two tabs of a room do not write over each other's. */
  save(item) {
    const key = `${this.key}.${item.client_id}`;
    try {
      if (item.state !== "stored" && this.find(item.client_id)) this.storage.setItem(key, JSON.stringify(item));
      else this.storage.removeItem(key);
    } catch {
      // A full or forbidden storage costs the memory over reloads, not the sending.
    }
  }
}

/** A random UUID, also where crypto.randomUUID is missing: it is kept to secure origins. */
export function randomId(crypto = globalThis.crypto) {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
