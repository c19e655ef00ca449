import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { LARGEST_CALL_BYTES } from "../../static/notifications/client.js";
import { FakeSocket, makeLive, settle } from "./live_parts.mjs";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
afterEach(() => mock.timers.reset());

async function pass(milliseconds) {
  mock.timers.tick(milliseconds);
  await settle();
}

function following(live, stream, after = 0) {
  const seen = { events: [], resets: [], refusals: [] };
  seen.end = live.subscribe(stream, {
    after,
    onEvents: (events) => seen.events.push(...events.map(({ seq }) => seq)),
    onReset: (seq) => seen.resets.push(seq),
    onRefused: (error) => seen.refusals.push(error.code),
  });
  return seen;
}

async function connected(options) {
  const page = makeLive(options);
  page.live.connect();
  await settle();
  FakeSocket.last.welcome();
  await settle();
  return page;
}

test("it is connected when the server has answered, not when the socket opens", async () => {
  const { live, states } = makeLive();
  live.connect();
  await settle();
  assert.equal(FakeSocket.last.url, "wss://home.test/ws/");
  FakeSocket.last.accept();
  assert.deepEqual(states, ["connecting"]);
  FakeSocket.last.answer("server", { region: "in", server: "in-1" });
  await settle();
  assert.deepEqual(states, ["connecting", "connected"]);
  assert.deepEqual([live.region, live.server, live.kind], ["in", "in-1", "socket"]);
});

test("a stream is resumed after the number that was seen", async () => {
  const { live } = await connected();
  const seen = following(live, "room:1", 5);
  assert.deepEqual(FakeSocket.last.calls("streams.subscribe"), [{ stream: "room:1", after: 5 }]);
  FakeSocket.last.events("room:1", 6, 7);
  FakeSocket.last.drop();
  await pass(1000);
  assert.equal(FakeSocket.all.length, 2);
  FakeSocket.last.accept();
  assert.deepEqual(FakeSocket.last.calls("streams.subscribe"), [{ stream: "room:1", after: 7 }]);
  FakeSocket.last.events("room:1", 7, 8);
  assert.deepEqual(seen.events, [6, 7, 8]);
});

test("what was seen is acknowledged about once a second, also where timers sleep", async () => {
  const { live } = await connected();
  following(live, "room:1");
  for (let seq = 1; seq <= 5; seq += 1) FakeSocket.last.events("room:1", seq);
  assert.ok(FakeSocket.last.calls("streams.ack").length <= 1);
  await pass(1000);
  assert.deepEqual(FakeSocket.last.calls("streams.ack").at(-1), { seqs: { "room:1": 5 } });
  const before = FakeSocket.last.calls("streams.ack").length;
  await pass(5000);
  assert.equal(FakeSocket.last.calls("streams.ack").length, before);
});

test("a restarting server's clients come back within two seconds, however often", async () => {
  await connected({ random: () => 1 });
  for (let round = 0; round < 5; round += 1) {
    const count = FakeSocket.all.length;
    FakeSocket.last.drop(1012);
    await pass(1999);
    assert.equal(FakeSocket.all.length, count);
    await pass(1);
    assert.equal(FakeSocket.all.length, count + 1);
    FakeSocket.last.welcome();
    await settle();
  }
});

test("a server that is away is asked less and less often", async () => {
  await connected({ random: () => 1, isReachable: async () => false });
  const waits = [];
  for (let round = 0; round < 9; round += 1) {
    FakeSocket.last.drop();
    await settle();
    const count = FakeSocket.all.length;
    let waited = 0;
    while (FakeSocket.all.length === count) {
      waited += 500;
      await pass(500);
    }
    waits.push(waited);
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
});

test("a session that is over is asked for once more, then the page is signed out", async () => {
  const { live, states } = await connected();
  FakeSocket.last.drop(4001);
  await pass(2000);
  FakeSocket.last.accept();
  FakeSocket.last.drop(4001);
  await pass(60000);
  assert.equal(FakeSocket.all.length, 2);
  assert.equal(states.at(-1), "signed out");
  await assert.rejects(live.call("ping"), { code: "connection_lost", wasSent: false });
});

test("a changed password gives this browser a new session, and the page goes on", async () => {
  const { states } = await connected();
  for (let round = 0; round < 3; round += 1) {
    FakeSocket.last.drop(4001);
    await pass(2000);
    FakeSocket.last.welcome();
    await settle();
  }
  assert.equal(states.at(-1), "connected");
});

test("calls are answered by their number; a refusal has its code", async () => {
  const { live } = await connected();
  const one = live.call("a", { x: 1 });
  const other = live.call("b");
  FakeSocket.last.answer("b", "second");
  FakeSocket.last.answer("a", "first");
  assert.deepEqual(await Promise.all([one, other]), ["first", "second"]);
  const refused = live.call("c");
  FakeSocket.last.refuse("c", { code: -32000, message: "No.", data: { code: "not_allowed", why: 1 } });
  await assert.rejects(refused, { code: "not_allowed", number: -32000, message: "No." });
});

test("a call whose answer is lost says that it was sent", async () => {
  const { live } = await connected();
  const lost = live.call("a");
  FakeSocket.last.drop();
  await assert.rejects(lost, { code: "connection_lost", wasSent: true });
  FakeSocket.last.welcome?.();
  await pass(1000);
  FakeSocket.last.welcome();
  await settle();
  const late = live.call("a");
  mock.timers.tick(15000);
  await assert.rejects(late, { code: "connection_lost", wasSent: true });
});

test("a call waits for the connection that is being made, and no longer than it may", async () => {
  const { live } = makeLive();
  const early = live.call("a");
  const impatient = live.call("b", {}, { timeoutMs: 100 });
  await settle();
  const refusal = assert.rejects(impatient, { code: "connection_lost", wasSent: false });
  await pass(100);
  await refusal;
  FakeSocket.last.welcome();
  await settle();
  assert.equal(FakeSocket.last.calls("b").length, 0);
  FakeSocket.last.answer("a", 1);
  assert.equal(await early, 1);
});

test("without a network calls are refused at once", async () => {
  let isOnLine = true;
  const { live, states } = await connected({ isOnLine: () => isOnLine, isReachable: async () => false });
  isOnLine = false;
  FakeSocket.last.drop();
  assert.equal(states.at(-1), "offline");
  await assert.rejects(live.call("a"), { code: "connection_lost", wasSent: false });
  isOnLine = true;
  live.check();
  await settle();
  FakeSocket.last.welcome();
  await settle();
  assert.equal(states.at(-1), "connected");
});

test("what no server would take is not sent, as it would cost the connection", async () => {
  const { live } = await connected();
  await assert.rejects(live.call("chat.send", { body: "नमस्ते".repeat(LARGEST_CALL_BYTES / 18) }), { code: "too_large" });
  assert.equal(FakeSocket.last.calls("chat.send").length, 0);
});

test("a connection that gives no sign of life is left for a new one", async () => {
  const { live } = await connected();
  FakeSocket.last.isDumb = true;
  live.check();
  await pass(4000);
  assert.equal(live.state, "reconnecting");
  await pass(1000);
  FakeSocket.last.welcome();
  await settle();
  for (let round = 0; round < 10; round += 1) await pass(10000);
  assert.equal(live.state, "connected");
});

test("on a slow line an answer may be late while history comes in", async () => {
  const { live } = await connected();
  following(live, "room:1");
  FakeSocket.last.isDumb = true;
  live.check();
  await pass(3900);
  FakeSocket.last.events("room:1", 1);
  await pass(100);
  assert.equal(live.state, "connected");
});

test("a socket that never opens is given up", async () => {
  const { live } = makeLive({ isReachable: async () => false });
  live.connect();
  await settle();
  await pass(8000);
  assert.equal(live.state, "reconnecting");
});

test("a refused and a revoked stream tell their page, and are not asked for again", async () => {
  const { live } = await connected();
  const secret = following(live, "room:1");
  const lost = following(live, "room:2");
  FakeSocket.last.say({ id: FakeSocket.last.sent.find(({ params }) => params?.stream === "room:1").id,
    error: { code: -32000, message: "There is no such stream.", data: { code: "unknown_stream" } } });
  FakeSocket.last.say({ method: "revoked", params: { stream: "room:2" } });
  await settle();
  assert.deepEqual([secret.refusals, lost.refusals], [["unknown_stream"], ["revoked"]]);
  FakeSocket.last.drop();
  await pass(1000);
  FakeSocket.last.accept();
  assert.deepEqual(FakeSocket.last.calls("streams.subscribe"), []);
});

test("a subscription that came too fast is asked for again", async () => {
  const { live } = await connected();
  const seen = following(live, "room:1");
  FakeSocket.last.refuse("streams.subscribe", { code: -32029, message: "", data: { code: "rate_limited", retry_after: 0.5 } });
  await settle();
  assert.deepEqual(seen.refusals, []);
  await pass(500);
  assert.equal(FakeSocket.last.calls("streams.subscribe").length, 2);
});

test("a part of the page that saw less than another is told what it lacks, and the other nothing twice", async () => {
  const { live } = await connected();
  const early = following(live, "inbox:1", null);
  FakeSocket.last.answer("streams.subscribe", { stream: "inbox:1", seq: 7 });
  await settle();
  const late = following(live, "inbox:1", 5);
  assert.deepEqual(FakeSocket.last.calls("streams.subscribe").at(-1), { stream: "inbox:1", after: 5 });
  FakeSocket.last.events("inbox:1", 6, 7, 8);
  assert.deepEqual([early.events, late.events], [[8], [6, 7, 8]]);
});

test("notices go to those who asked for them", async () => {
  const { live } = await connected();
  const heard = [];
  const end = live.onNotice("chat.typing", (params) => heard.push(params));
  FakeSocket.last.say({ method: "chat.typing", params: { user: 3 } });
  end();
  FakeSocket.last.say({ method: "chat.typing", params: { user: 4 } });
  assert.deepEqual(heard, [{ user: 3 }]);
});

test("the nearest region comes first, a dead one rests, and the page's own address is last", async () => {
  const { live, made } = await connected({ bases: ["https://in.test", "https://us.test"] });
  FakeSocket.last.drop();
  for (let round = 0; round < 3; round += 1) {
    await pass(2000);
    if (round < 2) FakeSocket.last.drop();
    await settle();
  }
  assert.deepEqual(made, ["socket https://in.test", "socket https://in.test", "socket https://us.test", "socket https://home.test"]);
  FakeSocket.last.welcome();
  await settle();
  assert.equal(live.state, "connected");
});

test("a region that is back gets its people back without a break", async () => {
  let now = 0;
  const { live, made, states } = await connected({ bases: ["https://in.test", "https://us.test"], now: () => now });
  const seen = following(live, "room:1");
  FakeSocket.last.drop();
  await pass(500);
  FakeSocket.last.drop();
  await pass(1000);
  const far = FakeSocket.last;
  far.welcome({ region: "us", server: "us-1" });
  await settle();
  assert.equal(live.region, "us");
  far.answer("streams.subscribe", { stream: "room:1", seq: 0 });
  now = 40000;
  for (let round = 0; round < 12; round += 1) await pass(5000);
  assert.equal(made.at(-1), "socket https://in.test");
  const near = FakeSocket.last;
  near.accept();
  far.events("room:1", 1);
  near.events("room:1", 1, 2);
  near.answer("server", { region: "in", server: "in-2" });
  await settle();
  assert.deepEqual([live.region, live.server, far.readyState], ["in", "in-2", 3]);
  near.events("room:1", 3);
  assert.deepEqual(seen.events, [1, 2, 3]);
  assert.deepEqual(states, ["connecting", "connected", "reconnecting", "connected"]);
});

test("a region beyond the session's reach does not sign the page out", async () => {
  const { live, made } = makeLive({ bases: ["https://elsewhere.test"] });
  live.connect();
  await settle();
  FakeSocket.last.accept();
  FakeSocket.last.drop(4001);
  await pass(2000);
  assert.equal(made.at(-1), "socket https://home.test");
  FakeSocket.last.welcome();
  await settle();
  assert.equal(live.state, "connected");
});

test("where sockets do not open though the site answers, the next transport is taken", async () => {
  const kinds = [];
  const makeTransport = (kind, options) => {
    kinds.push(kind);
    setTimeout(() => options.onUp({ region: "in", server: "in-1" }), 10);
    return { kind, call: async () => "by post", measure() {}, close() {}, follow() {}, unfollow() {} };
  };
  const { live } = makeLive({ makeTransport });
  live.connect();
  for (let round = 0; round < 2; round += 1) {
    await settle();
    FakeSocket.last.drop();
    await pass(1000);
  }
  await pass(1000);
  assert.deepEqual([live.state, live.kind, kinds], ["connected", "events", ["events"]]);
  assert.equal(await live.call("a"), "by post");
});

test("a page that is put aside ends its connection, and makes a new one when it is back", async () => {
  const { live } = await connected();
  const first = FakeSocket.last;
  live.suspend();
  assert.equal(first.readyState, 3);
  await pass(60000);
  assert.equal(FakeSocket.all.length, 1);
  live.connect();
  await settle();
  assert.equal(FakeSocket.all.length, 2);
});
