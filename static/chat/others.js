// The person's rooms in the rail: their unread counts rise as messages come, not only when the page asks.

import { badgeText } from "../chowk/js/news.js";
import { live } from "../notifications/live.js";

/** How many of the events are new messages of other people. */
export function newFromOthers(events, userId) {
  return events.filter(({ type, data }) => type === "message.posted" && data.author_id !== userId).length;
}

/** On every page; the room that is open is read as it is shown. */
export function followOthers(document) {
  const userId = Number(document.body.dataset.user);
  const here = document.getElementById("room")?.dataset.room;
  for (const link of document.querySelectorAll(".rail [data-room]")) {
    if (link.dataset.room === here) continue;
    live?.subscribe(`room:${link.dataset.room}`, {
      onEvents(events) {
        const badge = link.querySelector(".badge");
        const count = Number(badge.dataset.count || 0) + newFromOthers(events, userId);
        badge.dataset.count = count;
        badge.textContent = badgeText(count);
        link.classList.toggle("rail__link--unread", count > 0);
      },
    });
  }
}
