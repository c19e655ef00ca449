import assert from "node:assert/strict";
import { test } from "node:test";

import { connectionFacts, pillWords } from "../../static/chowk/js/connection.js";
import { badgeText } from "../../static/chowk/js/news.js";
import { shortcutFor } from "../../static/chowk/js/shortcuts.js";
import { themeCookie } from "../../static/chowk/js/theme.js";
import { inWords } from "../../static/chowk/js/times.js";

test("times in words", () => {
  assert.equal(inWords(5), "just now");
  assert.equal(inWords(60), "1 minute ago");
  assert.equal(inWords(3599), "59 minutes ago");
  assert.equal(inWords(2 * 86400 + 5), "2 days ago");
  assert.equal(inWords(-3600), "in 1 hour");
  assert.equal(inWords(-5), "in less than a minute");
});

test("a letter leads somewhere only soon after g", () => {
  assert.deepEqual(shortcutFor("g", null, 0), { pending: true });
  assert.deepEqual(shortcutFor("r", 0, 500), { go: "r" });
  assert.equal(shortcutFor("r", 0, 5000), null);
  assert.equal(shortcutFor("r", null, 0), null);
  assert.deepEqual(shortcutFor("/", null, 0), { search: true });
  assert.deepEqual(shortcutFor("?", 0, 100), { help: true });
});

test("the theme cookie is for the whole site, and secure where the page is", () => {
  assert.match(themeCookie("dark", false), /^theme=dark; path=\/; max-age=31536000; samesite=lax$/);
  assert.match(themeCookie("dark", true), /secure$/);
});

test("a badge is empty for nothing and short for much", () => {
  assert.deepEqual([0, 7, 99, 100].map(badgeText), ["", "7", "99", "99+"]);
});

test("the pill says the state, and where and how far only while connected", () => {
  assert.deepEqual(pillWords("connected", "mumbai", 24), { word: "Live", detail: "mumbai · 24 ms" });
  assert.deepEqual(pillWords("connected", "", null), { word: "Live", detail: "" });
  assert.deepEqual(pillWords("offline", "mumbai", 24), { word: "Offline", detail: "" });
});

test("the opened pill lists what is known of a connection that stands", () => {
  const known = { state: "connected", region: "in", server: "in-1", roundTripMs: 24, kind: "poll" };
  assert.deepEqual(connectionFacts(known), [["Region", "in"], ["Server", "in-1"], ["Round trip", "24 ms"], ["By", "Long polling"]]);
  assert.deepEqual(connectionFacts({ ...known, server: "", roundTripMs: null }), [["Region", "in"], ["By", "Long polling"]]);
  assert.deepEqual(connectionFacts({ ...known, state: "reconnecting" }), []);
});
