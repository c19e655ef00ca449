import assert from "node:assert/strict";
import { test } from "node:test";

import { buttonState, keyBytes } from "../../static/notifications/push_switch.js";

test("the button says what can be done", () => {
  assert.deepEqual(buttonState({ supported: true, permission: "default", subscribed: false }), {
    text: "Turn on for this browser",
    disabled: false,
  });
  assert.equal(buttonState({ supported: true, permission: "granted", subscribed: true }).disabled, true);
  assert.match(buttonState({ supported: true, permission: "denied", subscribed: false }).text, /Blocked/);
  assert.match(buttonState({ supported: false }).text, /takes no pushes/);
});

test("a base64url key becomes bytes", () => {
  assert.deepEqual([...keyBytes("AQ_-")], [1, 15, 254]);
  assert.deepEqual([...keyBytes("BA")], [4]);
});
