// A page's live connection: keeps one transport up, and gives streams and calls to whichever it is.

import { backoffMilliseconds, restartMilliseconds } from "./backoff.js";
import { CALL_TIMEOUT_MS, ConnectionLost, refusal } from "./calls.js";
import { Subscriptions } from "./subscriptions.js";

export const LARGEST_CALL_BYTES = 64 * 1024;
const BETTER_EVERY_MS = 60000;
const STABLE_MS = 5000;
const SIGN_OF_LIFE_MS = 4000;

// Close codes; docs/live.md has all of them.
const RESTARTING = 1012;
const SIGN_IN = 4001;
const TOO_SLOW = 4008;

export class Live {
  /**
   * `makeTransport(kind, {base, subscriptions, onUp, onDown, onNotice, onRoundTrip})` resolves to a transport;
   * `isReachable()` says whether the site answers a plain request; `findRegions(route)` resolves when it is known
   * where to connect.
   */
  constructor({ route, makeTransport, isReachable, findRegions = async () => {}, random = Math.random, isOnLine = () => true }) {
    Object.assign(this, { route, makeTransport, isReachable, findRegions, random, isOnLine });
    this.state = "connecting";
    this.roundTripMs = null;
    this.region = this.server = this.kind = "";
    this.subscriptions = new Subscriptions();
    this.listeners = new Set();
    this.noticeListeners = new Map();
    this.waitingCalls = new Set();
    this.link = this.trial = null; // {place, transport: null while it is being made}
    this.retryTimer = null;
    this.attempt = 0;
    this.upAt = 0;
    this.isOpening = false;
    this.hasAskedAgain = false;
  }

  /** Follow a stream; `after` is the number that the page already shows. Handlers get each event once, in order. */
  subscribe(stream, { after = null, onEvents, onReset, onRefused }) {
    const before = this.subscriptions.has(stream) ? this.subscriptions.cursor(stream) : undefined;
    const end = this.subscriptions.add(stream, { after, onEvents, onReset, onRefused });
    if (this.subscriptions.cursor(stream) !== before) this.transport?.follow(stream);
    this.connect();
    return () => {
      if (end()) this.transport?.unfollow(stream);
    };
  }

  /** Start afresh from `seq`, which a page that reloaded its content after a reset now shows. */
  rebase(stream, seq) {
    this.subscriptions.rebase(stream, seq);
  }

  /**
   * The result of a call; throws a CallError when the server refuses and a ConnectionLost when no answer came. While
   * the connection is being made the call waits for it.
   */
  call(method, params = {}, { timeoutMs = CALL_TIMEOUT_MS } = {}) {
    this.connect();
    if (isTooLarge(params)) return Promise.reject(refusal("too_large", "That is too long to be sent."));
    if (this.state === "connected") return this.transport.call(method, params, timeoutMs);
    if (this.state === "offline" || this.state === "signed out") {
      return Promise.reject(new ConnectionLost({ wasSent: false }));
    }
    return this.whenUp(timeoutMs).then(() => this.transport.call(method, params, timeoutMs));
  }

  onState(listener) {
    this.listeners.add(listener);
    listener(this.state);
    return () => this.listeners.delete(listener);
  }

  /** Hear of a server's notification that is no stream's event, such as "chat.typing". */
  onNotice(method, listener) {
    const listeners = this.noticeListeners.get(method) ?? new Set();
    this.noticeListeners.set(method, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  connect() {
    if (this.link || this.isOpening || this.retryTimer || this.state === "signed out") return;
    this.open();
  }

  /** The page is looked at or the network is back: see whether the connection lives, or make one now. */
  check() {
    if (this.state === "connected") {
      this.transport.measure(SIGN_OF_LIFE_MS);
      return;
    }
    this.attempt = 0;
    clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.connect();
  }

  /** Give the connection up and make another one. */
  drop() {
    this.transport?.end(1006);
  }

  /** The page goes away, perhaps to come back. */
  suspend() {
    clearTimeout(this.retryTimer);
    this.retryTimer = null;
    this.closeTrial();
    close(this.link);
    this.link = null;
    if (this.state !== "signed out") this.setState("connecting");
  }

  // --- the connection ----------------------------------------------------------------------------------

  get transport() {
    return this.link?.transport ?? null;
  }

  async open() {
    this.isOpening = true;
    await this.findRegions(this.route);
    this.isOpening = false;
    this.link = { place: this.route.current(), transport: null };
    await this.launch(this.link);
  }

  async launch(link) {
    try {
      link.transport = await this.makeTransport(link.place.kind, {
        base: link.place.base,
        subscriptions: this.subscriptions,
        onUp: (about) => this.linkUp(link, about),
        onDown: (end) => this.linkDown(link, end),
        onNotice: (method, params) => this.noticeListeners.get(method)?.forEach((listener) => listener(params)),
        onRoundTrip: (milliseconds) => link === this.link && this.measured(milliseconds),
      });
      if (link.isClosed) link.transport.close();
    } catch {
      this.linkDown(link, { code: 1006, wasUp: false }); // The transport's module could not be loaded, say.
    }
  }

  linkUp(link, about) {
    if (link === this.trial) {
      this.trial = null;
      this.transport?.retire();
      this.link = link;
    }
    if (link === this.link) this.up(about);
  }

  linkDown(link, end) {
    if (link === this.trial) {
      this.trial = null;
      this.route.betterFailed(link.place);
    } else if (link === this.link) this.down(end);
  }

  up({ region = "", server = "" }) {
    const { place } = this.link;
    Object.assign(this, { region, server, kind: place.kind });
    this.upAt = performance.now();
    this.hasAskedAgain = false;
    this.route.up(place);
    this.betterTimer ??= setInterval(() => this.tryBetter(), BETTER_EVERY_MS);
    this.state = "connected";
    for (const { resolve } of this.waitingCalls) resolve();
    this.waitingCalls.clear();
    this.setState("connected");
  }

  down({ code, wasUp }) {
    const { place } = this.link;
    this.link = null;
    this.closeTrial();
    this.roundTripMs = null;
    if (code === SIGN_IN && this.hasAskedAgain) {
      this.refuseWaiting();
      this.setState("signed out");
      return;
    }
    this.retryIn(this.patience(code, wasUp, place));
    if (!wasUp && code !== SIGN_IN && code !== RESTARTING) {
      this.route.failed(place);
      this.isReachable().then((isReachable) => isReachable && this.route.seemsBlocked(place));
    }
    if (!this.isOnLine()) this.refuseWaiting();
    this.setState(this.isOnLine() ? "reconnecting" : "offline");
  }

  /** How long to wait for the next attempt, in milliseconds. */
  patience(code, wasUp, place) {
    if (code === SIGN_IN) {
      // A changed password ends the old session and has opened a new one in this browser: ask once more.
      this.hasAskedAgain = true;
      this.route.refusedAt(place.base);
      return restartMilliseconds(this.random);
    }
    if (code === RESTARTING || code === TOO_SLOW) return restartMilliseconds(this.random);
    if (wasUp && performance.now() - this.upAt > STABLE_MS) this.attempt = 0;
    return backoffMilliseconds(this.attempt++, this.random);
  }

  retryIn(milliseconds) {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      this.connect();
    }, milliseconds);
  }

  /** Try what the route prefers beside the present connection, and change over when it comes up. */
  tryBetter() {
    const place = this.state === "connected" && !this.trial ? this.route.better(this.link.place) : null;
    if (!place) return;
    this.trial = { place, transport: null };
    this.launch(this.trial);
  }

  closeTrial() {
    close(this.trial);
    this.trial = null;
  }

  measured(milliseconds) {
    this.roundTripMs = milliseconds;
    if (this.state === "connected") this.setState("connected");
  }

  whenUp(timeoutMs) {
    return new Promise((resolve, reject) => {
      const call = { resolve, reject };
      this.waitingCalls.add(call);
      setTimeout(() => this.waitingCalls.delete(call) && reject(new ConnectionLost({ wasSent: false })), timeoutMs);
    });
  }

  refuseWaiting() {
    for (const { reject } of this.waitingCalls) reject(new ConnectionLost({ wasSent: false }));
    this.waitingCalls.clear();
  }

  setState(state) {
    this.state = state;
    for (const listener of this.listeners) listener(state);
  }
}

function close(link) {
  if (!link) return;
  link.isClosed = true;
  link.transport?.close();
}

function isTooLarge(params) {
  const text = JSON.stringify(params);
  // No character has more than three bytes per UTF-16 unit, so most texts need not be encoded to know.
  return text.length * 3 > LARGEST_CALL_BYTES - 200 && new TextEncoder().encode(text).length > LARGEST_CALL_BYTES - 200;
}
