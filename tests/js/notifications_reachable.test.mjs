import assert from "node:assert/strict";
import { test } from "node:test";

import { isReachable } from "../../static/notifications/reachable.js";

const answering = (status, body) => async () => new Response(body, { status });

test("a server with all it needs is reachable, and one that lacks only its Redis", async () => {
  assert.equal(await isReachable(answering(200, "{}")), true);
  assert.equal(await isReachable(answering(503, JSON.stringify({ problems: { redis: "does not answer" } }))), true);
});

test("one without its database is not, so that no transport is given up for it", async () => {
  assert.equal(await isReachable(answering(503, JSON.stringify({ problems: { database: "does not answer" } }))), false);
});

test("nor is one that does not answer, or a proxy that answers for it", async () => {
  assert.equal(await isReachable(answering(502, "<html>Bad Gateway</html>")), false);
  assert.equal(await isReachable(async () => { throw new TypeError("Failed to fetch"); }), false);
});
