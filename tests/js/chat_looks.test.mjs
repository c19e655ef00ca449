import assert from "node:assert/strict";
import { test } from "node:test";

import { isInCode, sends } from "../../static/chat/composer.js";
import { dayOf, dayText, hueOf, initialsOf, startsGroup, timeText } from "../../static/chat/looks.js";

const ZONE = "Asia/Kolkata";
const message = (at, extra = {}) => ({ author: "asha", author_id: 1, at, ...extra });

test("times and days are those of the page's zone", () => {
  assert.equal(timeText("2026-11-20T18:45:00+00:00", ZONE), "00:15");
  assert.equal(dayOf("2026-11-20T18:45:00+00:00", ZONE), "2026-11-21");
  assert.equal(dayText("2026-11-20T18:45:00+00:00", ZONE), "Saturday, 21 November 2026");
});

test("a group ends with another author, a pause, a new day or a reply", () => {
  const first = message("2026-11-21T10:00:00Z");
  assert.equal(startsGroup(null, first, ZONE), true);
  assert.equal(startsGroup(first, message("2026-11-21T10:04:59Z"), ZONE), false);
  assert.equal(startsGroup(first, message("2026-11-21T10:05:00Z"), ZONE), true);
  assert.equal(startsGroup(first, message("2026-11-21T10:01:00Z", { author: "ravi", author_id: 2 }), ZONE), true);
  assert.equal(startsGroup(first, message("2026-11-21T10:01:00Z", { reply: { number: 3 } }), ZONE), true);
  assert.equal(startsGroup(message("2026-11-21T18:29:00Z"), message("2026-11-21T18:31:00Z"), ZONE), true);
});

test("a name has the server's colour and initials", () => {
  assert.equal(hueOf("asha"), 2); // zlib.crc32(b"asha") % 8
  assert.equal(hueOf("ravi"), 0);
  assert.equal(initialsOf("asha"), "AS");
  assert.equal(initialsOf("Build bot"), "BB");
});

test("Enter sends; Shift+Enter, composing, a phone and open code do not; Ctrl+Enter always does", () => {
  const desk = { isTouch: false, before: "hello" };
  assert.equal(sends({ key: "Enter" }, desk), true);
  assert.equal(sends({ key: "a" }, desk), false);
  assert.equal(sends({ key: "Enter", shiftKey: true }, desk), false);
  assert.equal(sends({ key: "Enter", isComposing: true }, desk), false);
  assert.equal(sends({ key: "Enter" }, { isTouch: true, before: "hello" }), false);
  assert.equal(sends({ key: "Enter" }, { isTouch: false, before: "```py\nx = 1" }), false);
  assert.equal(sends({ key: "Enter", ctrlKey: true }, { isTouch: true, before: "```py\nx = 1" }), true);
  assert.equal(isInCode("```py\nx\n```"), false);
  assert.equal(isInCode("use ``` here"), false);
});
