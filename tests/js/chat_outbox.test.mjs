import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox, randomId } from "../../static/chat/outbox.js";

class MemoryStorage {
  constructor() {
    this.values = new Map();
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
  assert.equal(storage.getItem("outbox"), null);
});

test("a broken storage is no reason not to send", async () => {
  const storage = new MemoryStorage();
  storage.values.set("outbox", "{not json");
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
