// The person's rooms in the rail and in the list of rooms: their unread counts rise as messages come, not only when the page asks.

import { ROOMS_SHOWN, showUnread } from "../chowk/js/news.js";
import { live } from "../notifications/live.js";

const FOLLOWED = 100;

/** How many of the events are new messages of other people. */
export function newFromOthers(events, userId) {
  return events.filter(({ type, data }) => type === "message.posted" && data.author_id !== userId).length;
}

/** On every page; the room that is open is read as it is shown. */
export function followOthers(document) {
  const userId = Number(document.body.dataset.user);
  const here = document.getElementById("room")?.dataset.room;
  const places = new Map();
  for (const shown of document.querySelectorAll(ROOMS_SHOWN)) {
    const { room } = shown.dataset;
    if (room !== here) places.set(room, [...(places.get(room) ?? []), shown]);
  }
  for (const [room, all] of [...places].slice(0, FOLLOWED)) {
    live?.subscribe(`room:${room}`, {
      onEvents(events) {
        const more = newFromOthers(events, userId);
        for (const shown of all) showUnread(shown, Number(shown.querySelector(".badge").dataset.count || 0) + more);
      },
    });
  }
}
