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

// When it starts, freezes or ends, the whole page is another; a second late, so that the server agrees.
const untilTurn = Date.parse(box.dataset.turnsAt) - Date.now() + 1000;
if (untilTurn < 86_400_000) setTimeout(() => location.reload(), Math.max(untilTurn, 1000));

live.subscribe(box.dataset.stream, {
  after: Number(box.dataset.after),
  onEvents: later,
  onReset(lastSeq) {
    later();
    live.rebase(box.dataset.stream, lastSeq);
  },
});
