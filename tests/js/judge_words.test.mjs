import assert from "node:assert/strict";
import { test } from "node:test";

import { Drafts } from "../../static/judge/drafts.js";
import { shown } from "../../static/judge/runs.js";
import { isDone, newest, words } from "../../static/judge/words.js";

const state = (fields) => ({ state: "done", verdict: "AC", verdict_name: "Accepted", failed_test: null, ...fields });

test("every state has its words", () => {
  assert.equal(words(state({ state: "queued" })), "Queued");
  assert.equal(words(state({ state: "queued", waiting_reason: "no bwrap" })), "Waiting");
  assert.equal(words(state({ state: "compiling" })), "Compiling");
  assert.equal(words(state({ state: "running", tests_done: 3, tests_total: 10 })), "Running 3 of 10");
  assert.equal(words(state({})), "Accepted");
  assert.equal(words(state({ verdict: "WA", verdict_name: "Wrong answer", failed_test: 3 })), "Wrong answer on test 3");
  assert.equal(words(state({ verdict: "PT", verdict_name: "Partial", failed_test: 3 })), "Partial");
});

test("the newest state counts, other events do not", () => {
  const events = [
    { type: "submission.state", data: { state: "queued" } },
    { type: "submission.state", data: { state: "done" } },
    { type: "other", data: {} },
  ];
  assert.equal(newest(events).state, "done");
  assert.ok(isDone(newest(events)));
  assert.equal(newest([{ type: "other", data: {} }]), null);
});

test("drafts are kept per problem and language, and a forbidden storage costs nothing", () => {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
  const drafts = new Drafts("two-shelves", storage);
  drafts.save("python3", "print()");
  assert.equal(drafts.load("python3"), "print()");
  assert.equal(drafts.load("c"), null);
  assert.equal(new Drafts("other", storage).load("python3"), null);
  drafts.save("python3", "");
  assert.equal(kept.size, 0);

  const broken = new Drafts("x", { getItem: fail, setItem: fail, removeItem: fail });
  broken.save("c", "x");
  assert.equal(broken.load("c"), null);
});

test("a run shows its output, its complaints and its cost", () => {
  const ran = { verdict: "AC", verdict_name: "Accepted", detail: "", stdout: "3\n", stderr: "", cpu_ms: 12, memory_kib: 2048 };
  assert.deepEqual(shown(ran), { line: "Ran to its end · 12 ms · 2.0 MiB", parts: [["Output", "3\n"]] });
  const broken = { ...ran, verdict: "CE", verdict_name: "Compile error", compiler_output: "line 1", cpu_ms: null };
  assert.deepEqual(shown(broken), { line: "Compile error", parts: [["The compiler says", "line 1"]] });
  const ended = shown({ ...ran, verdict: "RTE", verdict_name: "Runtime error", detail: "Exit code 1", stdout: "", stderr: "oh" });
  assert.equal(ended.line, "Runtime error: Exit code 1 · 12 ms · 2.0 MiB");
  assert.deepEqual(ended.parts, [["Output", "(nothing)"], ["Its complaints (stderr)", "oh"]]);
});

function fail() {
  throw new Error("forbidden");
}
