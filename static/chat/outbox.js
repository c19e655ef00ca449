// What was written and is not known to be stored: sent in its order, one at a time, kept over reloads and lost connections.
//
// An item is {client_id, body, at, state: "waiting" | "sending" | "stored" | "failed", error}. The client_id makes a
// second sending harmless: the server answers it with the first one's message.

export class Outbox {
  /** `send(item)` resolves to the stored message; an error whose code is "connection_lost" leaves the item waiting. */
  constructor({ send, storage, key, onChange, onStored = () => {}, newId = randomId, now = () => new Date() }) {
    Object.assign(this, { send, storage, key, onChange, onStored, newId, now });
    this.busy = false;
    this.items = this.load();
  }

  add(body, extra = {}) {
    const item = { ...extra, client_id: this.newId(), body, at: this.now().toISOString(), state: "waiting", error: "" };
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
    this.save();
    return item;
  }

  /** Send what waits; called again whenever a connection stands. */
  async pump() {
    if (this.busy) return;
    this.busy = true;
    try {
      let item;
      while ((item = this.items.find((one) => one.state === "waiting"))) {
        if (!(await this.sendOne(item))) break;
      }
    } finally {
      this.busy = false;
    }
  }

  async sendOne(item) {
    item.state = "sending";
    this.changed(item);
    try {
      const message = await this.send(item);
      item.state = "stored";
      this.save();
      if (this.find(item.client_id)) this.onStored(item, message);
      return true;
    } catch (error) {
      const lost = error.code === "connection_lost";
      item.state = lost ? "waiting" : "failed";
      item.error = lost ? "" : error.message;
      if (this.find(item.client_id)) this.changed(item);
      return !lost;
    }
  }

  find(clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  changed(item) {
    this.save();
    this.onChange(item);
  }

  load() {
    try {
      const items = JSON.parse(this.storage.getItem(this.key) ?? "[]");
      return items.map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item));
    } catch {
      return [];
    }
  }

  save() {
    const kept = this.items.filter((item) => item.state !== "stored");
    try {
      if (kept.length) this.storage.setItem(this.key, JSON.stringify(kept));
      else this.storage.removeItem(this.key);
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
