// The inbox keeps itself true: when its stream tells of something, the server draws the list again.

import { live } from "./live.js";
import { gather, redraw } from "./fragments.js";
import { refreshTimes } from "../chowk/js/times.js";

/** Remembers which details are open, and where the keyboard is; the function it returns puts them back. */
export function keepOpen(holder) {
  const open = [...holder.querySelectorAll("details[data-ways][open]")].map((details) => details.dataset.ways);
  const focused = document.activeElement?.closest?.("[data-told]");
  const told = focused && holder.contains(focused) ? focused.dataset.told : null;
  const onSummary = document.activeElement?.matches?.("summary");
  return () => {
    for (const id of open) holder.querySelector(`details[data-ways="${id}"]`)?.setAttribute("open", "");
    if (told) holder.querySelector(`[data-told="${told}"] ${onSummary ? "summary" : "button"}`)?.focus();
    refreshTimes(holder);
  };
}

const holder = document.getElementById("inbox");
if (holder && live) {
  const ask = gather(() => redraw(holder, "list", { keep: keepOpen }));
  live.subscribe(holder.dataset.stream, {
    after: Number(holder.dataset.after),
    onEvents: ask,
    onReset: ask,
  });
}
