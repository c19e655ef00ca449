// A server to talk to and a page's live client on it, without a network.

import { Live } from "../../static/notifications/client.js";
import { Route } from "../../static/notifications/route.js";
import { SocketTransport } from "../../static/notifications/transports/socket.js";

/** The browser's WebSocket as far as the client uses it; the test plays the server. */
export class FakeSocket {
  static all = [];

  constructor(url) {
    this.url = url;
    this.readyState = 0;
    this.sent = [];
    FakeSocket.all.push(this);
  }

  static get last() {
    return FakeSocket.all.at(-1);
  }

  send(text) {
    const call = JSON.parse(text);
    this.sent.push(call);
    if (call.method === "ping" && !this.isDumb) queueMicrotask(() => this.say({ id: call.id, result: {} }));
  }

  close() {
    this.readyState = 3;
  }

  // --- what the server does

  accept() {
    this.readyState = 1;
    this.onopen?.();
  }

  /** Accept and answer the first call, which tells the client that all is well. */
  welcome(about = { region: "in", server: "in-1" }) {
    this.accept();
    this.answer("server", about);
  }

  say(message) {
    this.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", ...message }) });
  }

  events(stream, ...seqs) {
    this.say({ method: "events", params: { stream, events: seqs.map((seq) => ({ seq, type: "t", data: {} })) } });
  }

  /** Answer the last call of the method. */
  answer(method, result) {
    this.say({ id: this.sent.findLast((call) => call.method === method).id, result });
  }

  refuse(method, error) {
    this.say({ id: this.sent.findLast((call) => call.method === method).id, error });
  }

  drop(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  calls(method) {
    return this.sent.filter((call) => call.method === method).map(({ params }) => params);
  }
}

export class MemoryStorage {
  values = new Map();
  getItem = (key) => this.values.get(key) ?? null;
  setItem = (key, value) => this.values.set(key, value);
  removeItem = (key) => this.values.delete(key);
}

export function makeLive({ random = () => 0.5, isReachable = async () => true, isOnLine, bases, makeTransport, now } = {}) {
  FakeSocket.all = [];
  const route = new Route({ home: "https://home.test", storage: new MemoryStorage(), now });
  if (bases) route.setBases(bases);
  const made = [];
  const live = new Live({
    route,
    random,
    isReachable,
    isOnLine,
    makeTransport: async (kind, options) => {
      made.push(`${kind} ${options.base}`);
      if (kind !== "socket") return makeTransport(kind, options);
      return new SocketTransport({ ...options, WebSocket: FakeSocket });
    },
  });
  const states = [];
  live.onState((state) => states.at(-1) !== state && states.push(state));
  return { live, route, made, states };
}

/** Let everything that waits only for promises happen. */
export async function settle() {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
