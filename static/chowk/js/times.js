// <time data-ago> stays relative to now and shows the exact moment, in the reader's own zone, on hover.

const UNITS = [
  ["year", 31557600],
  ["month", 2629800],
  ["week", 604800],
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/** "5 minutes ago", "in 2 days", "just now"; seconds are those that passed, negative for the future. */
export function inWords(seconds) {
  const size = Math.abs(seconds);
  for (const [unit, length] of UNITS) {
    if (size >= length) {
      const count = Math.floor(size / length);
      const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
      return seconds < 0 ? `in ${words}` : `${words} ago`;
    }
  }
  return seconds < 0 ? "in less than a minute" : "just now";
}

export function refreshTimes(root, now = Date.now()) {
  for (const element of root.querySelectorAll("time[data-ago]")) {
    const moment = new Date(element.dateTime);
    const words = inWords((now - moment) / 1000);
    if (element.textContent !== words) element.textContent = words;
    if (!element.dataset.exact) {
      element.dataset.exact = "1";
      element.title = moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
  }
}

export function keepTimesTrue(document) {
  refreshTimes(document);
  setInterval(() => document.visibilityState === "visible" && refreshTimes(document), 30000);
  document.addEventListener("visibilitychange", () => refreshTimes(document));
}
