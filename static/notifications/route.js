// By which transport and to which region's address a page connects. Pure, no I/O.
//
// The best is a WebSocket to the nearest region. A region that does not answer rests for a while and the next one takes
// its place. Where WebSockets do not open though the site answers plain requests, something between blocks them: then
// Server-Sent Events, then long polling, both to the page's own address. Every few minutes the better one is tried again.

export const KINDS = ["socket", "events", "poll"];
export const REST_MS = 30000;
export const KEEP_FALLBACK_MS = 300000;
const BLOCKED_AFTER = 2;
/** Who has seen a WebSocket work here takes longer to believe that they are blocked. */
const BLOCKED_AFTER_SUCCESS = 4;
const KEY = "chowk.live";

export class Route {
  constructor({ home, storage = null, now = Date.now }) {
    Object.assign(this, { home, storage, now });
    this.bases = [home];
    this.resting = new Map();
    this.failures = 0;
    this.hasSeenSocket = false;
    this.kind = "socket";
    this.fallbackUntil = 0;
    this.recall();
  }

  /** The regions' addresses, the nearest first; the page's own address comes after them. */
  setBases(bases) {
    this.bases = [...bases.filter((base) => base !== this.home), this.home];
    // The page's own address may be the nearest region's.
    if (bases.includes(this.home)) this.bases = [...bases];
  }

  current() {
    return { kind: this.kind, base: this.kind === "socket" ? this.bestBase() : this.home };
  }

  bestBase() {
    const awake = this.bases.find((base) => (this.resting.get(base) ?? 0) <= this.now());
    return awake ?? this.bases.reduce((a, b) => (this.resting.get(b) < this.resting.get(a) ? b : a));
  }

  up({ kind }) {
    this.failures = 0;
    this.kind = kind;
    if (kind === "socket") {
      this.hasSeenSocket = true;
      this.fallbackUntil = 0;
    } else if (this.fallbackUntil <= this.now()) this.fallbackUntil = this.now() + KEEP_FALLBACK_MS;
    this.remember();
  }

  /** An attempt did not come up. */
  failed({ kind, base }) {
    if (kind === "socket") this.resting.set(base, this.now() + REST_MS);
  }

  /** An attempt did not come up, and yet the page's own address answers plain requests. */
  seemsBlocked({ kind }) {
    if (kind !== this.kind) return;
    this.failures += 1;
    if (this.failures < (kind === "socket" && this.hasSeenSocket ? BLOCKED_AFTER_SUCCESS : BLOCKED_AFTER)) return;
    this.failures = 0;
    this.kind = KINDS[(KINDS.indexOf(kind) + 1) % KINDS.length];
    this.resting.clear();
  }

  /** The region does not know the person: its address is beyond the session cookie's reach. Ask at home. */
  refusedAt(base) {
    if (base !== this.home) this.resting.set(base, this.now() + KEEP_FALLBACK_MS);
  }

  /** What should be tried while the present connection goes on; null when there is nothing better. */
  better({ kind, base }) {
    const best = { kind: "socket", base: this.bestBase() };
    if (kind !== "socket") return this.fallbackUntil <= this.now() ? best : null;
    return best.base === base ? null : best;
  }

  /** What seemed better did not come up. */
  betterFailed({ base }) {
    this.resting.set(base, this.now() + KEEP_FALLBACK_MS);
    this.fallbackUntil = this.now() + KEEP_FALLBACK_MS;
    this.remember();
  }

  // The next page of this tab starts with what works. Forbidden storage costs a few attempts, no more.

  recall() {
    try {
      const { kind, until } = JSON.parse(this.storage.getItem(KEY));
      if (KINDS.includes(kind) && until > this.now()) [this.kind, this.fallbackUntil] = [kind, until];
    } catch {
      // Nothing is remembered.
    }
  }

  remember() {
    try {
      if (this.kind === "socket") this.storage.removeItem(KEY);
      else this.storage.setItem(KEY, JSON.stringify({ kind: this.kind, until: this.fallbackUntil }));
    } catch {
      // As above.
    }
  }
}
