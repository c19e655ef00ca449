// The wallet's page, live: the balance and new lines appear as they happen.

import { live } from "../notifications/live.js";
import { refreshTimes } from "../chowk/js/times.js";
import { toast } from "../chowk/js/toasts.js";
import { newsOf } from "./lines.js";

const MOST_LINES = 8;

const page = document.getElementById("wallet");
const list = document.getElementById("lines");

function rowOf(line) {
  const row = document.getElementById("line-template").content.firstElementChild.cloneNode(true);
  row.dataset.transfer = line.url;
  row.querySelector(line.isIn ? "[data-out]" : "[data-in]").remove();
  row.querySelector(".wallet-way").classList.toggle("wallet-way--in", line.isIn);
  const link = row.querySelector("a");
  link.href = line.url;
  link.textContent = line.title;
  row.querySelector("time").dateTime = line.at;
  row.querySelector("[data-note]").textContent = line.note ? ` · ${line.note}` : "";
  const amount = row.querySelector(".amount");
  amount.textContent = line.amount;
  amount.classList.add(line.isIn ? "amount--in" : "amount--out");
  return row;
}

function show(events) {
  const shown = new Set([...list.children].map((row) => row.dataset.transfer));
  const { lines, balance } = newsOf(events, shown);
  if (balance !== null) document.getElementById("balance").textContent = balance;
  if (lines.length === 0) return;
  list.prepend(...lines.map(rowOf));
  while (list.children.length > MOST_LINES) list.lastElementChild.remove();
  document.getElementById("no-lines").hidden = true;
  refreshTimes(document);
  for (const line of lines) if (line.isIn) toast(`${line.title}: ${line.amount}`);
}

live.subscribe(page.dataset.stream, {
  after: Number(page.dataset.after),
  onEvents: show,
  onReset: () => location.reload(),
});
