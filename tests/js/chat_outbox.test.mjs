import assert from "node:assert/strict";
import { test } from "node:test";

import { stateOf } from "../../static/chat/pending.js";
import { Outbox, randomId, waitOf } from "../../static/chat/outbox.js";

class MemoryStorage {
  constructor() {
    this.values = new Map();
  }
  get length() {
    return this.values.size;
  }
  key(place) {
    return [...this.values.keys()][place];
  }
  getItem(key) {
    return this.values.get(key) ?? null;
  }
  setItem(key, value) {
    this.values.set(key, value);
  }
  removeItem(key) {
    this.values.delete(key);
  }
}

function refusal(code, message) {
  return Object.assign(new Error(message), { code });
}

/** An outbox whose sendings the test answers by hand. */
function outboxOf({ storage = new MemoryStorage(), ids = 0 } = {}) {
  const calls = [];
  const stored = [];
  const outbox = new Outbox({
    send: (item) => new Promise((resolve, reject) => calls.push({ item, resolve, reject })),
    storage,
    key: "outbox",
    onChange: () => {},
    onStored: (item, message) => stored.push([item.body, message.id]),
    newId: () => `id-${++ids}`,
  });
  return { outbox, calls, storage, stored };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("sends one at a time, in the order of writing", async () => {
  const { outbox, calls, stored } = outboxOf();
  for (const body of ["one", "two", "three"]) outbox.add(body);
  assert.deepEqual(calls.map(({ item }) => item.body), ["one"]);
  for (let i = 0; i < 3; i++) {
    calls[i].resolve({ id: i + 1 });
    await settled();
  }
  assert.deepEqual(stored, [["one", 1], ["two", 2], ["three", 3]]);
});

test("a lost connection leaves the message waiting under its client_id, and those behind it too", async () => {
  const { outbox, calls } = outboxOf();
  outbox.add("one");
  outbox.add("two");
  calls[0].reject(refusal("connection_lost", "gone"));
  await settled();
  assert.deepEqual(outbox.items.map((item) => item.state), ["waiting", "waiting"]);
  outbox.pump();
  assert.equal(calls.length, 2);
  assert.equal(calls[1].item.client_id, "id-1");
  calls[1].resolve({ id: 1 });
  await settled();
  assert.equal(calls[2].item.body, "two");
});

test("a refusal is kept with its words, does not hold up the next, and can be tried again", async () => {
  const { outbox, calls } = outboxOf();
  outbox.add("one");
  outbox.add("two");
  calls[0].reject(refusal("too_fast", "You can write again in 2 seconds."));
  await settled();
  assert.equal(outbox.items[0].state, "failed");
  assert.equal(outbox.items[0].error, "You can write again in 2 seconds.");
  calls[1].resolve({ id: 2 });
  await settled();
  outbox.retry("id-1");
  assert.equal(calls[2].item.client_id, "id-1");
});

test("what was not sent survives a reload, and what was being sent is sent again", async () => {
  const first = outboxOf();
  first.outbox.add("one");
  first.outbox.add("two");
  const second = outboxOf({ storage: first.storage, ids: 10 });
  assert.deepEqual(second.outbox.items.map(({ body, state }) => [body, state]), [["one", "waiting"], ["two", "waiting"]]);
  second.outbox.pump();
  assert.equal(second.calls[0].item.client_id, "id-1");
});

test("what is stored leaves the storage; what the stream has shown is forgotten", async () => {
  const { outbox, calls, storage, stored } = outboxOf();
  outbox.add("one");
  outbox.drop("id-1");
  calls[0].resolve({ id: 1 });
  await settled();
  assert.deepEqual(stored, []);
  assert.equal(storage.length, 0);
});

test("a broken storage is no reason not to send", async () => {
  const storage = new MemoryStorage();
  storage.values.set("outbox.id-9", "{not json");
  storage.setItem = () => {
    throw new Error("full");
  };
  const { outbox, calls } = outboxOf({ storage });
  outbox.add("one");
  assert.equal(calls.length, 1);
});

test("ids are UUIDs also where only getRandomValues is there", () => {
  const bytesOnly = { getRandomValues: (array) => array.fill(0xff) };
  assert.equal(randomId(bytesOnly), "ffffffff-ffff-4fff-bfff-ffffffffffff");
});

test("what came too fast goes on by itself when its time has come, and what follows waits behind it", async () => {
  let now = 1000;
  const timers = [];
  const calls = [];
  const outbox = new Outbox({
    send: (item) => new Promise((resolve, reject) => calls.push({ item, resolve, reject })),
    storage: new MemoryStorage(),
    key: "outbox",
    onChange: () => {},
    newId: () => `id-${calls.length}-${timers.length}-${Math.random()}`,
    now: () => new Date(now),
    later: (run, ms) => timers.push({ run, ms }),
  });
  outbox.add("one");
  outbox.add("two");
  calls[0].reject(Object.assign(refusal("too_fast", "Wait."), { data: { retry_after_seconds: 3 } }));
  await settled();
  assert.deepEqual(outbox.items.map(({ state }) => state), ["waiting", "waiting"]);
  assert.equal(outbox.items[0].until, 4000);
  outbox.pump();
  assert.equal(calls.length, 1);
  now += timers[0].ms;
  timers[0].run();
  assert.deepEqual(calls.map(({ item }) => item.body), ["one", "one"]);
  calls[1].resolve({ id: 1 });
  await settled();
  assert.equal(calls[2].item.body, "two");
});

test("a long wait is left to the writer, and so is every other refusal", () => {
  assert.equal(waitOf({ code: "too_fast", data: { retry_after_seconds: 61 } }), null);
  assert.equal(waitOf({ code: "too_fast", data: { retry_after_seconds: 60 } }), 60);
  assert.equal(waitOf({ code: "rate_limited", data: { retry_after: 0.5 } }), 0.5);
  assert.equal(waitOf({ code: "muted", data: {} }), null);
  assert.equal(waitOf(new Error("anything")), null);
});

test("under a message that is not stored stands why", () => {
  const here = { isOffline: false, now: 1000 };
  const item = { state: "waiting", error: "", until: 0 };
  assert.equal(stateOf(item, here), null);
  assert.match(stateOf(item, { ...here, isOffline: true }).text, /^Waiting for the connection\.$/);
  const slow = { ...item, error: "Slow mode: you can write again in 3 seconds.", until: 3500 };
  assert.deepEqual(stateOf(slow, here), { text: "Slow mode. Goes out in 3 s.", actions: ["Discard"] });
  assert.equal(stateOf(slow, { ...here, now: 3500 }), null);
  const failed = stateOf({ ...item, state: "failed", error: "You are muted in this room." }, here);
  assert.deepEqual(failed, { text: "Not sent. You are muted in this room.", actions: ["Try again", "Edit", "Discard"] });
});

test("two tabs of a room keep what each has still to send", () => {
  const storage = new MemoryStorage();
  const one = outboxOf({ storage });
  const two = outboxOf({ storage, ids: 10 });
  one.outbox.add("from the first");
  two.outbox.add("from the second");
  const later = outboxOf({ storage }).outbox;
  assert.deepEqual(later.items.map(({ body }) => body).sort(), ["from the first", "from the second"]);
  one.outbox.drop("id-1");
  assert.deepEqual(outboxOf({ storage }).outbox.items.map(({ body }) => body), ["from the second"]);
});
