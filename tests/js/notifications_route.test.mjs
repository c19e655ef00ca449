import assert from "node:assert/strict";
import { test } from "node:test";

import { KEEP_FALLBACK_MS, REST_MS, Route } from "../../static/notifications/route.js";
import { measureRegions, nearestFirst } from "../../static/notifications/regions.js";
import { MemoryStorage } from "./live_parts.mjs";

const HOME = "https://home.test";

function routeAt(now = { is: 0 }, storage = new MemoryStorage()) {
  return { route: new Route({ home: HOME, storage, now: () => now.is }), now, storage };
}

function block(route, times = 2) {
  for (let i = 0; i < times; i += 1) {
    const place = route.current();
    route.failed(place);
    route.seemsBlocked(place);
  }
}

test("a server that is away is no blocked transport", () => {
  const { route } = routeAt();
  for (let i = 0; i < 10; i += 1) route.failed(route.current());
  assert.equal(route.current().kind, "socket");
});

test("each transport that seems blocked makes way for the next, and the last for the first", () => {
  const { route } = routeAt();
  const kinds = [];
  for (let i = 0; i < 4; i += 1) {
    kinds.push(route.current().kind);
    block(route);
  }
  assert.deepEqual(kinds, ["socket", "events", "poll", "socket"]);
});

test("who has seen a socket work takes longer to believe that it is blocked", () => {
  const { route } = routeAt();
  route.up(route.current());
  block(route, 3);
  assert.equal(route.current().kind, "socket");
  block(route, 1);
  assert.equal(route.current().kind, "events");
});

test("the next page starts with what works, until it is time to try the socket again", () => {
  const { route, now, storage } = routeAt();
  block(route);
  route.up(route.current());
  assert.equal(routeAt(now, storage).route.current().kind, "events");
  assert.equal(route.better(route.current()), null);
  now.is = KEEP_FALLBACK_MS;
  assert.deepEqual(route.better(route.current()), { kind: "socket", base: HOME });
  assert.equal(routeAt(now, storage).route.current().kind, "socket");
  route.betterFailed({ kind: "socket", base: HOME });
  assert.equal(route.better(route.current()), null);
  now.is *= 2;
  route.up({ kind: "socket", base: HOME });
  assert.equal(storage.getItem("chowk.live"), null);
});

test("fallbacks go to the page's own address", () => {
  const { route } = routeAt();
  route.setBases(["https://in.test"]);
  block(route);
  assert.deepEqual(route.current(), { kind: "events", base: HOME });
});

test("a region that failed rests, and the one that rests longest already is asked when all do", () => {
  const { route, now } = routeAt();
  route.setBases(["https://in.test", "https://us.test"]);
  const asked = [];
  for (let i = 0; i < 4; i += 1) {
    asked.push(route.current().base);
    route.failed(route.current());
    now.is += 1000;
  }
  assert.deepEqual(asked, ["https://in.test", "https://us.test", HOME, "https://in.test"]);
  now.is = 2 * REST_MS;
  assert.equal(route.current().base, "https://in.test");
});

test("a broken or forbidden storage does no harm", () => {
  const broken = { getItem: () => "{", setItem() { throw new Error("full"); }, removeItem() { throw new Error("no"); } };
  const { route } = routeAt({ is: 0 }, broken);
  block(route);
  route.up(route.current());
  route.up({ kind: "socket", base: HOME });
  assert.equal(new Route({ home: HOME }).current().kind, "socket");
});

const REGIONS = { "https://in.test": 5, "https://us.test": 60, "https://uk.test": null };

function fleet(requests = []) {
  return async (url, { signal }) => {
    requests.push(url);
    if (url === "/regions") return Response.json({ regions: Object.keys(REGIONS).map((one) => ({ name: one, url: one })) });
    const delay = REGIONS[new URL(url).origin];
    if (delay === null) throw new TypeError("refused");
    await new Promise((resolve) => setTimeout(resolve, delay));
    signal.throwIfAborted();
    return new Response("{}");
  };
}

test("the nearest region is known before the far ones have answered, and remembered", async () => {
  const storage = new MemoryStorage();
  const requests = [];
  const told = [];
  const options = { url: "/regions", storage, fetch: fleet(requests), now: () => 0, onNearest: (base) => told.push(base) };
  assert.deepEqual(await measureRegions(options), ["https://in.test", "https://us.test", "https://uk.test"]);
  assert.deepEqual(told, ["https://in.test"]);
  const count = requests.length;
  assert.equal((await measureRegions(options))[0], "https://in.test");
  assert.equal(requests.length, count);
  await measureRegions({ ...options, now: () => 700000 });
  assert.ok(requests.length > count);
});

test("regions that did not answer come last", () => {
  const measured = [["a", Infinity], ["b", 40], ["c", 3]].map(([base, milliseconds]) => ({ base, milliseconds }));
  assert.deepEqual(nearestFirst(measured), ["c", "b", "a"]);
});
