// A top-up or withdrawal that waits for the bank: the page is loaded again when the bank has answered.

import { live } from "../notifications/live.js";

const { stream, after, move } = document.getElementById("bank-move").dataset;

live.subscribe(stream, {
  after: Number(after),
  onEvents: (events) => {
    if (events.some((event) => event.type === "bank_move.settled" && event.data.id === move)) location.reload();
  },
  onReset: () => location.reload(),
});
