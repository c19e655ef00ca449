// The staff's table of queues, drawn again every few seconds while someone looks.

import { redraw } from "./fragments.js";

const holder = document.getElementById("queues");
if (holder) {
  setInterval(() => {
    if (document.visibilityState === "visible") redraw(holder, "queues").catch(() => {});
  }, Number(holder.dataset.every));
}
