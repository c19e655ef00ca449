import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOfKey, actionsFor } from "../../static/chat/actions.js";
import { completed, wordAt } from "../../static/chat/completion.js";
import { refusalOf, shownSize, sizeText } from "../../static/chat/files.js";
import { newFromOthers } from "../../static/chat/others.js";
import { Typing, typingText } from "../../static/chat/people.js";
import { changed, whoReacted } from "../../static/chat/reactions.js";
import { closedText } from "../../static/chat/standing.js";

const EVERY_RIGHT = {
  userId: 1,
  mayReact: true,
  mayPost: true,
  mayPin: true,
  mayDelete: true,
  mayMute: true,
  mayBan: true,
  maySeeHistory: true,
};
const NO_RIGHT = { userId: 1 };

test("actions are those that the person has", () => {
  const mine = { id: 5, author_id: 1 };
  const theirs = { id: 6, author_id: 2 };
  const shared = ["react", "reply", "pin", "link", "thread"];
  assert.deepEqual(actionsFor(mine, EVERY_RIGHT).sort(), [...shared, "edit", "delete"].sort());
  assert.deepEqual(actionsFor(theirs, EVERY_RIGHT).sort(), [...shared, "report", "delete", "mute", "ban"].sort());
  assert.deepEqual(actionsFor(theirs, NO_RIGHT), ["link", "thread", "report"]);
  assert.deepEqual(actionsFor({ id: 0, author_id: 1 }, EVERY_RIGHT), []);
});

test("a deleted message leaves its author to those who keep the room, and nothing to the others", () => {
  const gone = { id: 6, author_id: 2, isDeleted: true };
  assert.deepEqual(actionsFor(gone, EVERY_RIGHT), ["versions", "mute", "ban"]);
  assert.deepEqual(actionsFor(gone, NO_RIGHT), []);
  assert.deepEqual(actionsFor({ ...gone, author_id: 1 }, { userId: 1, mayPost: true }), []);
});

test("no one mutes a webhook", () => {
  const bot = { id: 7, author_id: null, isEdited: false };
  assert.ok(!actionsFor(bot, EVERY_RIGHT).some((name) => ["mute", "ban", "versions"].includes(name)));
});

test("keys on a message act, the browser's own combinations do not", () => {
  assert.equal(actionOfKey({ key: "r" }), "reply");
  assert.equal(actionOfKey({ key: "ArrowUp" }), "up");
  assert.equal(actionOfKey({ key: "j" }), "down");
  assert.equal(actionOfKey({ key: "r", ctrlKey: true }), null);
  assert.equal(actionOfKey({ key: "x" }), null);
});

test("who reacted is said in words, many as a few names and a number", () => {
  assert.equal(whoReacted(["asha"], "👍"), "asha: 👍");
  assert.equal(whoReacted(["asha", "ravi", "zoya"], "👍"), "asha, ravi and zoya: 👍");
  const many = Array.from({ length: 14 }, (_, place) => `p${place}`);
  assert.equal(whoReacted(many, "🎉"), `${many.slice(0, 12).join(", ")} and 2 more: 🎉`);
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
  assert.deepEqual(wordAt("good :te", 8), { kind: "emoji", start: 5, word: "te" });
  assert.equal(wordAt("at 10:30", 8), null);
  assert.deepEqual(wordAt("/pa", 3), { kind: "command", start: 0, word: "pa" });
  assert.equal(wordAt("see /pa", 7), null);
  assert.deepEqual(completed("hi @as there", 6, { start: 3 }, "@asha"), { text: "hi @asha there", cursor: 9 });
});

test("a room that closes says why, and opens again", () => {
  const open = { archived: false, mutedUntil: null, revoked: false, kind: "public" };
  const say = (state) => closedText({ ...open, ...state }, (at) => at, Date.parse("2026-11-21T10:00:00Z"));
  assert.equal(say({}), "");
  assert.equal(say({ archived: true }), "This room is archived: it can be read, not written in.");
  assert.match(say({ mutedUntil: "2026-11-21T10:05:00Z" }), /muted in this room until/);
  assert.equal(say({ mutedUntil: "2026-11-21T09:00:00Z" }), "");
  assert.equal(say({ revoked: true, archived: true }), "You are banned from this room.");
  assert.equal(say({ revoked: true, kind: "private" }), "You can no longer read this room.");
});

test("other rooms count the messages of others", () => {
  const posted = (author_id) => ({ type: "message.posted", data: { author_id } });
  assert.equal(newFromOthers([posted(1), posted(2), posted(null), { type: "message.edited", data: {} }], 1), 2);
});

test("sizes are in words", () => {
  assert.equal(sizeText(12), "12 B");
  assert.equal(sizeText(1536), "1.5 KiB");
  assert.equal(sizeText(10 * 1024 * 1024), "10 MiB");
});

test("what cannot be attached is refused before it goes up", () => {
  const limits = { maxFiles: 2, maxBytes: 1024 * 1024 };
  assert.equal(refusalOf({ size: 1024 * 1024 }, 1, limits), "");
  assert.equal(refusalOf({ size: 1024 * 1024 + 1 }, 1, limits), "A file has at most 1 MiB.");
  assert.equal(refusalOf({ size: 1 }, 2, limits), "A message carries at most 2 files.");
  assert.equal(refusalOf({ size: 1e9 }, 99, { maxFiles: 0, maxBytes: 0 }), "");
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

test("a picture takes its place before it arrives", () => {
  assert.deepEqual(shownSize({ width: 1200, height: 800 }), [320, 213]);
  assert.deepEqual(shownSize({ width: 200, height: 1600 }), [30, 240]);
  assert.deepEqual(shownSize({ width: 10, height: 10 }), [10, 10]);
  assert.deepEqual(shownSize({ width: 20000, height: 1 }), [320, 1]);
});
