// Keeps the frame true while the page stands open: what is unread, what is in the wallet, and a toast for what is new.

import { live } from "../../notifications/live.js";
import { toast } from "./toasts.js";

const EVERY_MS = 60000;
const SETTLE_MS = 300;

/** What a badge shows: nothing for nothing, and never more than three characters. */
export function badgeText(count) {
  return count > 99 ? "99+" : count > 0 ? String(count) : "";
}

function fill(badge, count) {
  badge.dataset.count = count;
  const word = badge.dataset.word;
  badge.textContent = count > 0 && word ? `${badgeText(count)} ${word}` : badgeText(count);
}

/** A person's rooms as they stand on the page: in the rail, and in the list of rooms. */
export const ROOMS_SHOWN = ".rail [data-room], .list__item[data-room]";

export function showUnread(shown, count) {
  const badge = shown.querySelector(".badge");
  fill(badge, count);
  if (shown.matches(".rail *")) {
    shown.classList.toggle("rail__link--unread", count > 0);
    return;
  }
  // In the list the number stands where else the time of the last message does.
  badge.hidden = count === 0;
  if (badge.nextElementSibling) badge.nextElementSibling.hidden = count > 0;
}

export function showNumbers(document, { unread, balance, rooms }) {
  for (const badge of document.querySelectorAll("[data-unread]")) fill(badge, unread);
  for (const place of document.querySelectorAll("[data-balance]")) place.textContent = balance;
  for (const shown of document.querySelectorAll(ROOMS_SHOWN)) {
    // The room that is open is read as it is shown.
    showUnread(shown, shown.hasAttribute("aria-current") ? 0 : (rooms[shown.dataset.room] ?? 0));
  }
}

export function followNews(document) {
  const { user, numbersUrl } = document.body.dataset;
  if (!live || !numbersUrl) return;
  let timer = null;
  const ask = async () => {
    timer = null;
    try {
      const answer = await fetch(numbersUrl, { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) showNumbers(document, await answer.json());
    } catch {
      // Offline: the pill says so, and the next turn asks again.
    }
  };
  const soon = () => {
    timer ??= setTimeout(ask, SETTLE_MS);
  };
  live.subscribe(`inbox:${user}`, {
    onEvents(events) {
      for (const { type, data } of events) {
        if (type === "notification.created" && !isShown(data.url)) toast(data.title, { href: data.url });
      }
      soon();
    },
    onReset: soon,
  });
  live.subscribe(`wallet:${user}`, { onEvents: soon, onReset: soon });
  setInterval(() => document.visibilityState === "visible" && soon(), EVERY_MS);
  addEventListener("pageshow", ({ persisted }) => persisted && soon());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && soon());
}

/** Whether what stands at an address is before the person's eyes: the page itself, or a part that says it covers it. */
function isShown(url) {
  if (location.pathname === url) return true;
  const parts = [...document.querySelectorAll("[data-covers]")];
  return document.visibilityState === "visible" && parts.some(({ dataset }) => url.startsWith(dataset.covers));
}
