// The person's other rooms in the rail: their unread counts rise as messages come, not only when the page asks.

import { badgeText } from "../chowk/js/news.js";
import { live } from "../notifications/live.js";

/** How many of the events are new messages of other people. */
export function newFromOthers(events, userId) {
  return events.filter(({ type, data }) => type === "message.posted" && data.author_id !== userId).length;
}

export function followOthers(rail, { roomId, userId }) {
  for (const link of rail.querySelectorAll("[data-room]")) {
    if (Number(link.dataset.room) === roomId) continue;
    live.subscribe(`room:${link.dataset.room}`, {
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
