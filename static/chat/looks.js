// How a message looks, apart from the page: whose name it stands under, its time and day, a person's disc.

const GROUP_WITHIN_MS = 300000;
const HUES = 8;

/** Whether a message starts a group of its own after `before`; both are {author_id, author, at, reply}. */
export function startsGroup(before, message, zone) {
  return (
    !before ||
    before.author !== message.author ||
    before.author_id !== message.author_id ||
    Boolean(message.reply) ||
    new Date(message.at) - new Date(before.at) >= GROUP_WITHIN_MS ||
    dayOf(before.at, zone) !== dayOf(message.at, zone)
  );
}

/** The day of a moment in the page's zone, as 2026-11-21. */
export function dayOf(at, zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(new Date(at));
}

export function dayText(at, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  }).formatToParts(new Date(at));
  const part = (type) => parts.find((one) => one.type === type).value;
  return `${part("weekday")}, ${part("day")} ${part("month")} ${part("year")}`;
}

export function timeText(at, zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export function exactText(at, zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, dateStyle: "medium", timeStyle: "short" }).format(
    new Date(at),
  );
}

/** The colour that a name always gets: CRC-32 (ISO 3309) of the name, as the server reckons it. */
export function hueOf(name) {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(name)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((crc ^ 0xffffffff) >>> 0) % HUES;
}

export function initialsOf(name) {
  const words = name.split(/\s+/).filter(Boolean);
  return (words.length > 1 ? words[0][0] + words.at(-1)[0] : name.slice(0, 2)).toUpperCase();
}
