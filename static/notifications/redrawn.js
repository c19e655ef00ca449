// Parts of the staff's pages that the server draws again every few seconds while someone looks:
// <div id="…" data-redraw="name of the part" data-every="milliseconds">

import { redraw } from "./fragments.js";
import { refreshTimes } from "../chowk/js/times.js";

for (const holder of document.querySelectorAll("[data-redraw]")) {
  setInterval(async () => {
    // Whoever stands on a link in it with the keyboard keeps their place.
    const busy = holder.contains(document.activeElement) && document.activeElement.matches("a, button");
    if (document.visibilityState !== "visible" || busy) return;
    if (await redraw(holder, holder.dataset.redraw).catch(() => false)) refreshTimes(holder);
  }, Number(holder.dataset.every));
}
