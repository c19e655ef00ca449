// The simulator's screen: a text appears as it arrives.

import { live } from "./live.js";
import { gather, redraw } from "./fragments.js";
import { refreshTimes } from "../chowk/js/times.js";

/** Marks the texts that were not there before, and shows the newest. */
export function showNewest(holder) {
  const before = new Set([...holder.querySelectorAll(".text")].map((text) => text.id));
  return () => {
    for (const text of holder.querySelectorAll(".text")) if (!before.has(text.id)) text.classList.add("text--new");
    holder.scrollTop = holder.scrollHeight;
    refreshTimes(holder);
  };
}

const holder = document.getElementById("phone");
if (holder && live) {
  holder.scrollTop = holder.scrollHeight;
  const ask = gather(() => redraw(holder, "texts", { keep: showNewest }));
  live.subscribe(holder.dataset.stream, {
    after: Number(holder.dataset.after),
    onEvents(events) {
      if (events.some((event) => event.type === "delivery.changed" && event.data.channel === "sms")) ask();
    },
    onReset: ask,
  });
}
