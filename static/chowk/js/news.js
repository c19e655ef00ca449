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
  badge.textContent = badgeText(count);
}

export function showNumbers(document, { unread, balance, rooms }) {
  for (const badge of document.querySelectorAll("[data-unread]")) fill(badge, unread);
  for (const place of document.querySelectorAll("[data-balance]")) place.textContent = balance;
  for (const link of document.querySelectorAll(".rail [data-room]")) {
    // The room that is open is read as it is shown.
    const count = link.hasAttribute("aria-current") ? 0 : (rooms[link.dataset.room] ?? 0);
    link.classList.toggle("rail__link--unread", count > 0);
    fill(link.querySelector(".badge"), count);
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
        if (type === "notification.created" && location.pathname !== data.url) toast(data.title, { href: data.url });
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
