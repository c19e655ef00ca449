import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Subscriptions } from "../../static/notifications/subscriptions.js";
import { EventsTransport } from "../../static/notifications/transports/events.js";
import { EventStreamParser, inOrder } from "../../static/notifications/transports/parser.js";
import { PollTransport } from "../../static/notifications/transports/poll.js";

const event = (seq) => ({ seq, type: "t", data: {} });

/** A site that serves streams by plain HTTP as docs/live.md says, from arrays. */
class FakeSite {
  constructor({ streams = {}, sse = true, signedIn = true } = {}) {
    Object.assign(this, { streams, sse, signedIn });
    this.requests = [];
    this.waiting = new Set();
    this.fetch = (url, options = {}) => this.answer(new URL(url), options);
  }

  append(stream, count = 1) {
    this.streams[stream] += count;
    for (const wake of [...this.waiting]) wake();
  }

  async answer({ pathname, searchParams }, { headers = {}, body, signal }) {
    this.requests.push(pathname);
    signal?.throwIfAborted();
    if (pathname === "/rpc/") return this.rpc(JSON.parse(body));
    const [, , names, what] = pathname.split("/").map(decodeURIComponent);
    const streams = names.split(",");
    if (!this.signedIn || streams.some((stream) => !(stream in this.streams))) return new Response("{}", { status: 404 });
    if (what === "sse") return this.sse ? this.eventStream(streams, headers["Last-Event-ID"], signal) : new Response("", { status: 403 });
    return this.poll(streams, searchParams, signal);
  }

  rpc({ id, method }) {
    if (!this.signedIn) return new Response("{}", { status: 401 });
    if (method === "fail") return Response.json({ id, error: { code: -32000, message: "No.", data: { code: "not_allowed" } } });
    if (method === "long") {
      return Response.json({ error: { code: "too_large", message: "Too long." } }, { status: 413, headers: { "content-type": "application/json" } });
    }
    if (method === "break") return new Response("Bad gateway", { status: 502 });
    return Response.json({ id, result: method === "server" ? { region: "in", server: "in-1" } : { method } });
  }

  async poll(streams, query, signal) {
    const cursors = query.has("after") ? query.get("after").split(",").map(Number) : streams.map((one) => this.streams[one]);
    const isEmpty = () => streams.every((stream, i) => this.streams[stream] <= cursors[i]);
    if (query.get("wait") > 0 && isEmpty()) {
      await new Promise((resolve, reject) => {
        this.waiting.add(resolve);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    }
    const answers = streams.map((stream, i) => ({ stream, seq: this.streams[stream], reset: cursors[i] > this.streams[stream], more: false, events: range(cursors[i], this.streams[stream]) }));
    return Response.json(streams.length === 1 ? answers[0] : { answers });
  }

  eventStream(streams, lastId, signal) {
    const cursors = lastId.split(",").map(Number);
    const text = new TextEncoder();
    const body = new ReadableStream({
      start: (controller) => {
        const write = () => {
          streams.forEach((stream, i) => {
            for (const one of range(cursors[i], this.streams[stream])) {
              const name = streams.length > 1 ? `event: ${stream}\n` : "";
              controller.enqueue(text.encode(`${name}id: ${one.seq}\ndata: ${JSON.stringify(one)}\n\n`));
              cursors[i] = one.seq;
            }
          });
        };
        controller.enqueue(text.encode("retry: 1000\nid: 0\n\n"));
        write();
        this.waiting.add(write);
        this.say = (message) => controller.enqueue(text.encode(message));
        signal.addEventListener("abort", () => {
          this.waiting.delete(write);
          controller.error(signal.reason);
        });
      },
    });
    return new Response(body);
  }
}

function range(after, last) {
  return Array.from({ length: Math.max(0, last - after) }, (_, i) => event(after + i + 1));
}

function page(Transport, site, wanted) {
  const subscriptions = new Subscriptions();
  const seen = {};
  for (const [stream, after] of Object.entries(wanted)) {
    seen[stream] = [];
    subscriptions.add(stream, {
      after,
      onEvents: (events) => seen[stream].push(...events.map(({ seq }) => seq)),
      onReset: (seq) => seen[stream].push(`reset ${seq}`),
      onRefused: ({ code }) => seen[stream].push(code),
    });
  }
  const told = [];
  const transport = new Transport({
    base: "https://home.test",
    subscriptions,
    fetch: site.fetch,
    onUp: (about) => told.push(about),
    onDown: (end) => told.push(end),
  });
  return { subscriptions, transport, seen, told };
}

async function until(condition) {
  for (let i = 0; i < 200 && !condition(); i += 1) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(condition());
}

for (const Transport of [EventsTransport, PollTransport]) {
  test(`${Transport.name}: what follows comes, then what is new, once`, async () => {
    const site = new FakeSite({ streams: { "room:1": 3, "inbox:1": 9 } });
    const { transport, seen, told } = page(Transport, site, { "room:1": 1, "inbox:1": null });
    await until(() => told.length === 1);
    assert.deepEqual(told, [{ region: "in", server: "in-1" }]);
    await until(() => seen["room:1"].length === 2);
    site.append("room:1");
    site.append("inbox:1", 2);
    await until(() => seen["inbox:1"].length === 2 && seen["room:1"].length === 3);
    assert.deepEqual(seen, { "room:1": [2, 3, 4], "inbox:1": [10, 11] });
    transport.close();
  });

  test(`${Transport.name}: a stream that is added later comes too`, async () => {
    const site = new FakeSite({ streams: { "room:1": 0, "room:2": 2 } });
    const { transport, subscriptions, seen, told } = page(Transport, site, { "room:1": 0 });
    await until(() => told.length === 1);
    const late = [];
    subscriptions.add("room:2", { after: 0, onEvents: (events) => late.push(...events.map(({ seq }) => seq)) });
    transport.follow("room:2");
    await until(() => late.length === 2);
    site.append("room:1");
    await until(() => seen["room:1"].length === 1);
    transport.close();
  });

  test(`${Transport.name}: a refused stream does not keep the others from theirs`, async () => {
    const site = new FakeSite({ streams: { "room:1": 1 } });
    const { transport, seen, told } = page(Transport, site, { "room:1": 0, "room:9": 0 });
    await until(() => seen["room:9"].length === 1 && seen["room:1"].length === 1 && told.length === 1);
    assert.deepEqual(seen, { "room:1": [1], "room:9": ["unknown_stream"] });
    transport.close();
  });

  test(`${Transport.name}: a session that is over ends it as the socket does`, async () => {
    const site = new FakeSite({ streams: { "room:1": 1 }, signedIn: false });
    const { told, seen } = page(Transport, site, { "room:1": 0 });
    await until(() => told.length === 1);
    assert.deepEqual(told, [{ code: 4001, wasUp: false }]);
    assert.deepEqual(seen["room:1"], []);
  });

  test(`${Transport.name}: calls by post are answered, refused or lost`, async () => {
    const { transport } = page(Transport, new FakeSite(), {});
    assert.deepEqual(await transport.call("ping"), { method: "ping" });
    await assert.rejects(transport.call("fail"), { code: "not_allowed" });
    await assert.rejects(transport.call("long"), { code: "too_large" });
    await assert.rejects(transport.call("break"), { code: "connection_lost", wasSent: true });
    assert.deepEqual(await transport.call("ping"), { method: "ping" });
    transport.close();
  });
}

test("where a proxy refuses event streams it does not come up", async () => {
  const site = new FakeSite({ streams: { "room:1": 1 }, sse: false });
  const { told } = page(EventsTransport, site, { "room:1": 0 });
  await until(() => told.length === 1);
  assert.deepEqual(told, [{ code: 1006, wasUp: false }]);
});

test("where a proxy holds event streams back it does not come up", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const site = new FakeSite({ streams: { "room:1": 1 } });
  site.eventStream = (streams, lastId, signal) =>
    new Promise((resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { told } = page(EventsTransport, site, { "room:1": 0 });
  const breathe = () => new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i += 1) await breathe();
  mock.timers.tick(4900);
  await breathe();
  assert.deepEqual(told, []);
  mock.timers.tick(100);
  for (let i = 0; i < 20; i += 1) await breathe();
  mock.timers.reset();
  assert.deepEqual(told, [{ code: 1006, wasUp: false }]);
});

test("a reset and a revocation in an event stream reach the page", async () => {
  const site = new FakeSite({ streams: { "room:1": 1, "room:2": 0 } });
  const { transport, seen, told } = page(EventsTransport, site, { "room:1": 1, "room:2": 0 });
  await until(() => told.length === 1);
  site.say('event: reset\ndata: {"stream":"room:1","seq":40}\n\n');
  site.say('event: revoked\ndata: {"stream":"room:2","seq":0}\n\n');
  await until(() => seen["room:2"].length === 1);
  assert.deepEqual(seen, { "room:1": ["reset 40"], "room:2": ["revoked"] });
  transport.close();
});

test("a cursor ahead of the log is reset by a poll", async () => {
  const site = new FakeSite({ streams: { "room:1": 2 } });
  const { transport, seen } = page(PollTransport, site, { "room:1": 70 });
  await until(() => seen["room:1"].length === 1);
  assert.deepEqual(seen["room:1"], ["reset 2"]);
  transport.close();
});

test("messages of an event stream are found however it is cut", () => {
  const text = ': beat\n\nevent: room:1\r\nid: 1\r\ndata: {"a":\ndata: 1}\n\ndata: 2\n\nid: 9\n\n';
  for (let size = 1; size <= text.length; size += 1) {
    const parser = new EventStreamParser();
    const messages = [];
    for (let i = 0; i < text.length; i += size) messages.push(...parser.feed(text.slice(i, i + size)));
    assert.deepEqual(messages, [{ event: "room:1", data: '{"a":\n1}' }, { event: "message", data: "2" }]);
  }
});

test("events of one stream stay together and resets keep their place", () => {
  const message = (name, value) => ({ event: name, data: JSON.stringify(value) });
  const parts = inOrder(["room:1", "room:2"], [
    message("room:1", event(1)), message("room:1", event(2)), message("room:2", event(1)),
    message("reset", { stream: "room:1", seq: 9 }), message("room:1", event(10)), message("signed_out", {}),
  ]);
  assert.deepEqual(parts, [
    { stream: "room:1", events: [event(1), event(2)] },
    { stream: "room:2", events: [event(1)] },
    { control: "reset", stream: "room:1", seq: 9 },
    { stream: "room:1", events: [event(10)] },
    { control: "signed_out" },
  ]);
});
