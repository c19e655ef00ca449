// What Server-Sent Events and long polling share: calls by POST, streams in groups, and finding out which one is refused.

import { CALL_TIMEOUT_MS, ConnectionLost, refusal, resultOf } from "../calls.js";

export const GROUP_STREAMS = 20;
export const PING_EVERY_MS = 20000;
const GATHER_MS = 30;
const ANSWER_WITHIN_MS = 8000;
const SIGN_IN = 4001;
const GONE = 1006;

/** An answer that is none of ours, or a refusal of a whole request. */
export class BadStatus extends Error {
  constructor(status) {
    super(`the server answered ${status}`);
    this.status = status;
  }
}

export class HttpTransport {
  /** As the WebSocket's; `fetch` is the browser's. */
  constructor({ base, subscriptions, onUp, onDown, onRoundTrip = () => {}, fetch }) {
    Object.assign(this, { base, subscriptions, onUp, onDown, onRoundTrip, fetch });
    this.isUp = this.isOver = false;
    this.about = null;
    this.waitingGroups = new Set();
    this.nextId = 1;
    this.lastCall = Promise.resolve();
    this.streaming = new AbortController();
    this.openTimer = setTimeout(() => this.end(GONE), 2 * ANSWER_WITHIN_MS);
    this.pinging = setInterval(() => this.isUp && this.measure(), PING_EVERY_MS);
    this.hello();
    this.restart();
  }

  async hello() {
    const start = performance.now();
    try {
      this.about = await this.post("server", {}, ANSWER_WITHIN_MS);
      this.onRoundTrip(Math.round(performance.now() - start));
      this.considerUp();
    } catch {
      this.end(GONE);
    }
  }

  /** Streams are added one by one while a page starts: gather them into one request. */
  follow() {
    this.gathering ??= setTimeout(() => this.restart(), GATHER_MS);
  }

  unfollow() {
    this.follow();
  }

  restart() {
    clearTimeout(this.gathering);
    this.gathering = null;
    if (this.isOver) return;
    this.streaming.abort();
    this.streaming = new AbortController();
    this.waitingGroups.clear();
    const streams = this.subscriptions.streams();
    for (let i = 0; i < streams.length; i += GROUP_STREAMS) this.run(streams.slice(i, i + GROUP_STREAMS));
    this.considerUp();
  }

  async run(streams) {
    const { signal } = this.streaming;
    this.waitingGroups.add(streams);
    try {
      await this.findStart(streams, signal);
      while (!signal.aborted) await this.receive(streams, signal);
    } catch (error) {
      if (signal.aborted || this.isOver) return;
      if (error.status === 404) await this.dropRefused(streams, signal);
      else this.end(error.status === 401 ? SIGN_IN : GONE);
    }
  }

  /** The group's request works. */
  started(streams) {
    this.waitingGroups.delete(streams);
    this.considerUp();
  }

  considerUp() {
    if (this.isUp || this.isOver || !this.about || this.waitingGroups.size > 0) return;
    this.isUp = true;
    clearTimeout(this.openTimer);
    this.onUp(this.about);
  }

  /** Where streams that want only what is new begin. */
  async findStart(streams, signal) {
    const without = streams.filter((stream) => this.subscriptions.cursor(stream) === null);
    if (without.length === 0) return;
    for (const { stream, seq } of answersOf(await this.getJson(eventsPath(without), signal))) {
      this.subscriptions.subscribed(stream, seq);
    }
  }

  /** One of the streams is refused, which does not say which one: ask for each alone. */
  async dropRefused(streams, signal) {
    try {
      await this.post("ping", {}, ANSWER_WITHIN_MS); // ends it where the session is over, which refuses all streams
      for (const stream of streams) {
        const status = await this.statusOf(stream, signal);
        if (signal.aborted || this.isOver) return;
        if (status === 404) this.subscriptions.refused(stream, refusal("unknown_stream", "There is no such stream."));
      }
      this.restart();
    } catch {
      if (!signal.aborted) this.end(GONE);
    }
  }

  async statusOf(stream, signal) {
    const response = await this.get(eventsPath([stream]), signal);
    await response.body?.cancel();
    return response.status;
  }

  async getJson(path, signal, timeoutMs = ANSWER_WITHIN_MS) {
    const response = await this.get(path, signal, timeoutMs);
    if (!response.ok) throw new BadStatus(response.status);
    return response.json();
  }

  get(path, signal, timeoutMs = ANSWER_WITHIN_MS) {
    return this.fetch(this.base + path, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
  }

  // --- calls -------------------------------------------------------------------------------------------

  /** One after another, so that they arrive in their order. */
  call(method, params = {}, timeoutMs = CALL_TIMEOUT_MS) {
    if (this.isOver) return Promise.reject(new ConnectionLost({ wasSent: false }));
    const answer = this.lastCall.then(() => this.post(method, params, timeoutMs));
    this.lastCall = answer.catch(() => {});
    return answer;
  }

  async measure(timeoutMs = ANSWER_WITHIN_MS) {
    const start = performance.now();
    try {
      await this.post("ping", {}, timeoutMs);
      this.onRoundTrip(Math.round(performance.now() - start));
    } catch (error) {
      if (error instanceof ConnectionLost) this.end(GONE);
    }
  }

  async post(method, params, timeoutMs) {
    try {
      const response = await this.fetch(`${this.base}/rpc/`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: this.nextId++, method, params }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status === 401) this.end(SIGN_IN);
      return resultOf(await answerIn(response));
    } catch (error) {
      // Anything but an answer of the server leaves open what became of the call.
      throw error.number === undefined ? new ConnectionLost({ wasSent: true }) : error;
    }
  }

  /** Another connection takes over; what was asked is answered all the same. */
  retire() {
    this.close();
  }

  close() {
    this.isOver = true;
    this.release();
  }

  end(code) {
    if (this.isOver) return;
    this.isOver = true;
    this.release();
    this.onDown({ code, wasUp: this.isUp });
  }

  release() {
    clearTimeout(this.openTimer);
    clearTimeout(this.gathering);
    clearInterval(this.pinging);
    this.streaming.abort();
  }
}

/** A JSON-RPC answer, also for a call that was refused before it was looked at. */
async function answerIn(response) {
  if (response.ok) return response.json();
  const isOurs = response.status < 500 && response.headers.get("content-type") === "application/json";
  if (response.status === 401 || !isOurs) throw new BadStatus(response.status);
  const { error } = await response.json();
  return { error: { message: error.message, code: -32000, data: error } };
}

/** The address of a poll of the streams. */
export function eventsPath(streams, query = "") {
  return `/streams/${streams.map(encodeURIComponent).join(",")}/events${query}`;
}

/** The answers in a poll's body, of which one for a single stream is bare. */
export function answersOf(body) {
  return body.answers ?? [body];
}
