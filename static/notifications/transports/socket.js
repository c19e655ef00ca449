// The WebSocket: calls, answers and events of all streams in one connection.

import { CALL_TIMEOUT_MS, ConnectionLost, PendingCalls, refusal } from "../calls.js";

export const OPEN_WITHIN_MS = 8000;
export const PING_EVERY_MS = 20000;
export const PING_WITHIN_MS = 10000;
export const ACK_EVERY_MS = 1000;
const TRY_AGAIN_MS = 2000;
/** The answer to a subscription comes after the history, which a slow line takes long to bring. */
const HISTORY_WITHIN_MS = 120000;

export const REVOKED = "You may no longer read this.";
const GONE = 1006; // RFC 6455: the connection broke without a close frame

export class SocketTransport {
  kind = "socket";

  /**
   * `onUp({region, server})` once it is known to work, `onDown({code, wasUp})` once when it is over,
   * `onNotice(method, params)` for what the server tells besides events.
   */
  constructor({ base, subscriptions, onUp, onDown, onNotice = () => {}, onRoundTrip = () => {}, WebSocket }) {
    Object.assign(this, { subscriptions, onUp, onDown, onNotice, onRoundTrip });
    this.pending = new PendingCalls();
    this.isUp = this.isRetired = this.isOver = false;
    this.acknowledgedAt = this.heardAt = 0;
    this.openTimer = setTimeout(() => this.end(GONE), OPEN_WITHIN_MS);
    this.socket = new WebSocket(`${base.replace(/^http/, "ws")}/ws/`);
    this.socket.onopen = () => this.begin();
    this.socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    this.socket.onclose = ({ code }) => this.end(code);
  }

  begin() {
    for (const stream of this.subscriptions.streams()) this.follow(stream);
    this.acknowledging = setInterval(() => this.acknowledge(), ACK_EVERY_MS);
    this.pinging = setInterval(() => this.measure(), PING_EVERY_MS);
    const start = performance.now();
    // A proxy may open the connection and let nothing through: only an answer shows that it works.
    this.request("server").then(
      (about) => {
        if (this.isOver) return;
        clearTimeout(this.openTimer);
        this.isUp = true;
        this.onRoundTrip(Math.round(performance.now() - start));
        this.onUp(about);
      },
      () => this.end(GONE),
    );
  }

  follow(stream) {
    if (this.socket.readyState !== 1) return; // begin() follows all
    const after = this.subscriptions.cursor(stream);
    this.request("streams.subscribe", after === null ? { stream } : { stream, after }, HISTORY_WITHIN_MS).then(
      ({ seq }) => this.subscriptions.subscribed(stream, seq),
      (error) => this.notFollowed(stream, error),
    );
  }

  notFollowed(stream, error) {
    if (error instanceof ConnectionLost) this.end(GONE);
    else if (error.code === "rate_limited" || error.code === "internal_error") {
      const wait = error.data.retry_after ? error.data.retry_after * 1000 : TRY_AGAIN_MS;
      setTimeout(() => !this.isOver && this.subscriptions.has(stream) && this.follow(stream), wait);
    } else this.subscriptions.refused(stream, error);
  }

  unfollow(stream) {
    if (this.socket.readyState === 1) this.notify("streams.unsubscribe", { stream });
  }

  call(method, params, timeoutMs) {
    if (this.isOver || this.socket.readyState !== 1) return Promise.reject(new ConnectionLost({ wasSent: false }));
    return this.request(method, params, timeoutMs);
  }

  /** Ask for a sign of life; without one in time the connection is given up. */
  async measure(timeoutMs = PING_WITHIN_MS) {
    if (!this.isUp || this.isOver) return;
    const start = performance.now();
    try {
      await this.request("ping", {}, timeoutMs);
      this.onRoundTrip(Math.round(performance.now() - start));
    } catch (error) {
      // On a slow line the answer stands behind history that is still coming in.
      if (error instanceof ConnectionLost && this.heardAt < start) this.end(GONE);
    }
  }

  /** Another connection takes over: answer what was asked, bring no more events. */
  retire() {
    clearInterval(this.acknowledging);
    this.isRetired = true;
    if (this.pending.size === 0) this.close();
    else setTimeout(() => this.close(), CALL_TIMEOUT_MS);
  }

  close() {
    this.isOver = true;
    this.release();
  }

  receive(message) {
    if (this.isOver) return;
    this.heardAt = performance.now();
    if (!message.method) this.pending.answer(message);
    else if (this.isRetired) return;
    else if (message.method === "events") this.deliver(message.params);
    else if (message.method === "reset") this.subscriptions.reset(message.params.stream, message.params.seq);
    else if (message.method === "revoked") this.subscriptions.refused(message.params.stream, refusal("revoked", REVOKED));
    else this.onNotice(message.method, message.params);
  }

  deliver({ stream, events }) {
    this.subscriptions.deliver(stream, events);
    // A hidden page's timers run once a minute, what arrives does not wait.
    if (performance.now() - this.acknowledgedAt >= ACK_EVERY_MS) this.acknowledge();
  }

  acknowledge() {
    const seqs = this.subscriptions.takeUnacknowledged();
    if (!seqs) return;
    this.acknowledgedAt = performance.now();
    this.notify("streams.ack", { seqs });
  }

  request(method, params = {}, timeoutMs = undefined) {
    return this.pending.make((id) => this.send({ id, method, params }), timeoutMs);
  }

  notify(method, params) {
    this.send({ method, params });
  }

  send(message) {
    if (this.socket.readyState === 1) this.socket.send(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }

  end(code) {
    if (this.isOver) return;
    this.isOver = true;
    this.release();
    this.onDown({ code, wasUp: this.isUp });
  }

  release() {
    clearTimeout(this.openTimer);
    clearInterval(this.acknowledging);
    clearInterval(this.pinging);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.pending.loseAll();
  }
}
