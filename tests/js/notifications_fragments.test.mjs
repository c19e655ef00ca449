import assert from "node:assert/strict";
import { test } from "node:test";

import { gather, partUrl, redraw } from "../../static/notifications/fragments.js";

const rest = (ms) => new Promise((done) => setTimeout(done, ms));

test("many calls make one run", async () => {
  let runs = 0;
  const ask = gather(() => runs++, { waitMs: 10 });
  for (let n = 0; n < 20; n++) ask();
  await rest(40);
  assert.equal(runs, 1);
});

test("calls that never cease are not put off for ever", async () => {
  let runs = 0;
  const ask = gather(() => runs++, { waitMs: 30, longestMs: 60 });
  for (let n = 0; n < 20; n++) {
    ask();
    await rest(10);
  }
  assert.ok(runs >= 2, `${runs} runs`);
});

test("what comes during a run makes one more after it, not beside it", async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const ask = gather(
    async () => {
      runs++;
      most = Math.max(most, ++running);
      await rest(30);
      running--;
    },
    { waitMs: 1 },
  );
  ask();
  await rest(10);
  ask();
  await rest(10);
  ask();
  await rest(90);
  assert.deepEqual([most, runs], [1, 2]);
});

test("the part's address keeps the page's own parameters", () => {
  assert.equal(partUrl("http://x/inbox/?page=2#told-7", "list"), "http://x/inbox/?page=2&part=list");
});

test("a part is drawn again, and what was open is put back", async () => {
  const holder = { innerHTML: "old" };
  const steps = [];
  const keep = (held) => {
    steps.push(held.innerHTML);
    return () => steps.push(held.innerHTML);
  };
  const answer = (changes) => async () => ({ ok: true, redirected: false, text: async () => "new", ...changes });
  assert.equal(await redraw(holder, "list", { fetch: answer(), href: "http://x/inbox/", keep }), true);
  assert.deepEqual(steps, ["old", "new"]);
});

test("a signed-out or failing answer changes nothing", async () => {
  const holder = { innerHTML: "old" };
  for (const changes of [{ ok: false }, { redirected: true }]) {
    const fetch = async () => ({ ok: true, redirected: false, text: async () => "login page", ...changes });
    assert.equal(await redraw(holder, "list", { fetch, href: "http://x/inbox/" }), false);
  }
  assert.equal(holder.innerHTML, "old");
});
