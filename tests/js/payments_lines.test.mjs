import assert from "node:assert/strict";
import { test } from "node:test";

import { lineOf, newsOf } from "../../static/payments/lines.js";

const data = {
  kind: "transfer",
  amount_paise: 10000,
  amount: "₹100.00",
  balance: "₹600.00",
  other: "Asha Rao",
  note: "chai",
  at: "2026-05-30T06:00:00+00:00",
  url: "/wallet/transfers/1/",
};
const event = (change = {}) => ({ seq: 1, type: "transfer.posted", data: { ...data, ...change } });

test("money that comes reads as received, with a plus", () => {
  const line = lineOf(data);
  assert.equal(line.title, "Received from Asha Rao");
  assert.equal(line.amount, "+₹100.00");
  assert.equal(line.isIn, true);
});

test("money that goes reads as sent, with a minus", () => {
  const line = lineOf({ ...data, amount_paise: -10000 });
  assert.equal(line.title, "Sent to Asha Rao");
  assert.equal(line.amount, "-₹100.00");
});

test("a kind that this page does not know still reads", () => {
  assert.equal(lineOf({ ...data, kind: "new" }).title, "From Asha Rao");
});

test("several events give lines newest first and the last balance", () => {
  const news = newsOf([event(), event({ url: "/2/", balance: "₹500.00" })], new Set());
  assert.deepEqual(news.lines.map((line) => line.url), ["/2/", data.url]);
  assert.equal(news.balance, "₹500.00");
});

test("what the page shows already is not shown twice, but the balance is kept right", () => {
  const news = newsOf([event()], new Set([data.url]));
  assert.deepEqual(news.lines, []);
  assert.equal(news.balance, "₹600.00");
});

test("events of other types change nothing", () => {
  assert.deepEqual(newsOf([{ seq: 1, type: "other", data: {} }], new Set()), { lines: [], balance: null });
});
