// The scoreboard follows its contest's stream; many changes at once are one reload.

import { live } from "../notifications/live.js";
import { refresh } from "./report.js";

const WAIT_MS = 500;
const box = document.getElementById("scoreboard");
let waiting = null;

function later() {
  waiting ??= setTimeout(() => {
    waiting = null;
    refresh(box);
  }, WAIT_MS);
}

live.subscribe(box.dataset.stream, {
  after: Number(box.dataset.after),
  onEvents: later,
  onReset(lastSeq) {
    later();
    live.rebase(box.dataset.stream, lastSeq);
  },
});
