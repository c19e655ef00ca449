import assert from "node:assert/strict";
import { test } from "node:test";

import { LONGEST_MS, backoffMilliseconds } from "../../static/notifications/backoff.js";
import { Subscriptions } from "../../static/notifications/subscriptions.js";

const event = (seq) => ({ seq, type: "t", data: {} });

function followed({ after }) {
  const subscriptions = new Subscriptions();
  const seen = [];
  const resets = [];
  const end = subscriptions.add("room:1", {
    after,
    onEvents: (events) => seen.push(...events.map(({ seq }) => seq)),
    onReset: (seq) => resets.push(seq),
  });
  return { subscriptions, seen, resets, end };
}

test("each event is handed out once, though it may come twice", () => {
  const { subscriptions, seen } = followed({ after: 2 });
  subscriptions.deliver("room:1", [event(2), event(3)]);
  subscriptions.deliver("room:1", [event(3), event(4)]);
  assert.deepEqual(seen, [3, 4]);
  assert.equal(subscriptions.cursor("room:1"), 4);
});

test("without a cursor the stream starts where the server subscribed", () => {
  const { subscriptions, seen } = followed({ after: null });
  assert.equal(subscriptions.cursor("room:1"), null);
  subscriptions.subscribed("room:1", 7);
  subscriptions.deliver("room:1", [event(8)]);
  assert.deepEqual(seen, [8]);
});

test("a reset moves the cursor and tells the page", () => {
  const { subscriptions, seen, resets } = followed({ after: 2 });
  subscriptions.reset("room:1", 90);
  subscriptions.deliver("room:1", [event(91)]);
  assert.deepEqual(resets, [90]);
  assert.deepEqual(seen, [91]);
});

test("only what is new is acknowledged, once", () => {
  const { subscriptions } = followed({ after: 2 });
  assert.equal(subscriptions.takeUnacknowledged(), null);
  subscriptions.deliver("room:1", [event(3)]);
  assert.deepEqual(subscriptions.takeUnacknowledged(), { "room:1": 3 });
  assert.equal(subscriptions.takeUnacknowledged(), null);
});

test("a stream is left when its last handler goes", () => {
  const { subscriptions, end } = followed({ after: 0 });
  const endOther = subscriptions.add("room:1", { after: 0, onEvents() {}, onReset() {} });
  assert.equal(end(), false);
  assert.equal(endOther(), true);
  assert.deepEqual(subscriptions.streams(), []);
});

test("waits double, are spread and have a ceiling", () => {
  assert.equal(backoffMilliseconds(0, () => 1), 500);
  assert.equal(backoffMilliseconds(3, () => 1), 4000);
  assert.equal(backoffMilliseconds(3, () => 0), 0);
  assert.equal(backoffMilliseconds(50, () => 1), LONGEST_MS);
});

test("who knows what the page shows sets the start for who only wants what is new", () => {
  const subscriptions = new Subscriptions();
  subscriptions.add("inbox:1", { after: null, onEvents() {}, onReset() {} });
  assert.equal(subscriptions.cursor("inbox:1"), null);
  subscriptions.add("inbox:1", { after: 7, onEvents() {}, onReset() {} });
  assert.equal(subscriptions.cursor("inbox:1"), 7);
  subscriptions.add("inbox:1", { after: 9, onEvents() {}, onReset() {} });
  assert.equal(subscriptions.cursor("inbox:1"), 7);
});

test("a handler that fails keeps no other from its events", () => {
  const errors = [];
  const subscriptions = new Subscriptions({ onError: (error) => errors.push(error.message) });
  const seen = [];
  subscriptions.add("room:1", { after: 0, onEvents() { throw new Error("mine"); } });
  subscriptions.add("room:1", { after: 0, onEvents: (events) => seen.push(...events.map(({ seq }) => seq)) });
  subscriptions.deliver("room:1", [event(1)]);
  subscriptions.reset("room:1", 5);
  assert.deepEqual([errors, seen], [["mine"], [1]]);
});
