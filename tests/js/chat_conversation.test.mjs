import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOfKey, actionsFor } from "../../static/chat/actions.js";
import { completed, wordAt } from "../../static/chat/completion.js";
import { sizeText } from "../../static/chat/files.js";
import { Typing, typingText } from "../../static/chat/people.js";
import { changed } from "../../static/chat/reactions.js";

const EVERY_RIGHT = { userId: 1, mayReact: true, mayPost: true, mayPin: true, mayDelete: true };
const NO_RIGHT = { userId: 1 };

test("actions are those that the person has", () => {
  const mine = { id: 5, author_id: 1 };
  const theirs = { id: 6, author_id: 2 };
  assert.deepEqual(actionsFor(mine, EVERY_RIGHT), ["react", "reply", "edit", "pin", "link", "delete"]);
  assert.deepEqual(actionsFor(theirs, EVERY_RIGHT), ["react", "reply", "pin", "link", "report", "delete"]);
  assert.deepEqual(actionsFor(theirs, NO_RIGHT), ["link", "report"]);
  assert.deepEqual(actionsFor({ ...mine, isDeleted: true }, EVERY_RIGHT), []);
  assert.deepEqual(actionsFor({ id: 0, author_id: 1 }, EVERY_RIGHT), []);
});

test("keys on a message act, the browser's own combinations do not", () => {
  assert.equal(actionOfKey({ key: "r" }), "reply");
  assert.equal(actionOfKey({ key: "ArrowUp" }), "up");
  assert.equal(actionOfKey({ key: "j" }), "down");
  assert.equal(actionOfKey({ key: "r", ctrlKey: true }), null);
  assert.equal(actionOfKey({ key: "x" }), null);
});

test("reactions follow the events, of oneself and of others", () => {
  const one = changed([], { emoji: "🎉", user_id: 2 }, true, 1);
  assert.deepEqual(one, [{ emoji: "🎉", count: 1, mine: false }]);
  const two = changed(one, { emoji: "🎉", user_id: 1 }, true, 1);
  assert.deepEqual(two, [{ emoji: "🎉", count: 2, mine: true }]);
  assert.deepEqual(changed(two, { emoji: "🎉", user_id: 2 }, false, 1), [{ emoji: "🎉", count: 1, mine: true }]);
  assert.deepEqual(changed(one, { emoji: "🎉", user_id: 2 }, false, 1), []);
  assert.deepEqual(changed([], { emoji: "🎉", user_id: 2 }, false, 1), []);
});

test("a name, or a command at the very start, can be completed", () => {
  assert.deepEqual(wordAt("hi @as", 6), { kind: "name", start: 3, word: "as" });
  assert.deepEqual(wordAt("@", 1), { kind: "name", start: 0, word: "" });
  assert.equal(wordAt("a@b.c", 5), null);
  assert.deepEqual(wordAt("/pa", 3), { kind: "command", start: 0, word: "pa" });
  assert.equal(wordAt("see /pa", 7), null);
  assert.deepEqual(completed("hi @as there", 6, { start: 3 }, "@asha"), { text: "hi @asha there", cursor: 9 });
});

test("sizes are in words", () => {
  assert.equal(sizeText(12), "12 B");
  assert.equal(sizeText(1536), "1.5 KiB");
  assert.equal(sizeText(10 * 1024 * 1024), "10 MiB");
});

test("typing is said, and ends by time or with the message", () => {
  assert.equal(typingText(["a", "b", "c"]), "a, b and 1 other are typing…");
  let now = 0;
  let said = "";
  const timers = [];
  const typing = new Typing({ onChange: (text) => (said = text), now: () => now, later: (run) => timers.push(run) });
  typing.heard({ user: "ravi", seconds: 6 });
  typing.heard({ user: "meera", seconds: 6 });
  assert.equal(said, "ravi and meera are typing…");
  typing.wrote("ravi");
  assert.equal(said, "meera is typing…");
  now = 7000;
  timers.forEach((run) => run());
  assert.equal(said, "");
});
