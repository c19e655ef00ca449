// The list of messages: each once, in the order of their numbers, what is still being sent at its end.

import { fileElement } from "./files.js";
import { dayOf, dayText, exactText, hueOf, initialsOf, startsGroup, timeText } from "./looks.js";
import { changeReaction, showReactions } from "./reactions.js";

const QUOTED_CHARS = 120;
const KEPT_ROWS = 600;
const TRIMMED_TO = 400;

export class Timeline {
  /** `hasAnchors`: whether the rows carry the ids that a permalink leads to; one list of a page does. */
  constructor({ list, template, url, zone, userId, username, decorate = () => {}, hasAnchors = true }) {
    Object.assign(this, { list, template, url, zone, userId, username, decorate, hasAnchors });
    this.rows = new Map();
    this.pending = new Map();
    for (const row of list.querySelectorAll(".msg")) this.adopt(row);
  }

  /** A row that the server rendered. */
  adopt(row) {
    const data = {
      id: Number(row.dataset.id),
      number: Number(row.dataset.number),
      author: row.querySelector(".msg__author").textContent,
      author_id: row.dataset.author ? Number(row.dataset.author) : null,
      at: row.dataset.at,
      reply: row.dataset.reply || null,
    };
    this.rows.set(data.id, { row, data });
    this.decorate(row, data);
  }

  get first() {
    return this.edge(this.list.querySelector(".msg[data-number]"));
  }

  get last() {
    const rows = this.list.querySelectorAll(".msg[data-number]");
    return this.edge(rows[rows.length - 1]);
  }

  edge(row) {
    return row ? Number(row.dataset.number) : 0;
  }

  has(id) {
    return this.rows.has(id);
  }

  /** Show a message where its number belongs; one that is shown already stays as it is. */
  insert(data) {
    if (this.rows.has(data.id)) return false;
    this.settle(data.client_id);
    const row = this.build(data);
    const next = this.rowAfter(data.number);
    this.list.insertBefore(row, next);
    this.rows.set(data.id, { row, data });
    this.tidy(row);
    const following = nextMessage(row);
    if (following) this.tidy(following);
    return true;
  }

  /** What is being sent: at the end, until the stream brings it. */
  showPending(item) {
    let row = this.pending.get(item.client_id);
    if (!row) {
      row = this.build({ ...item, reply: item.quote, author: this.username, author_id: this.userId, files: [] });
      const body = row.querySelector(".msg__body");
      body.textContent = item.body;
      row.querySelector(".msg__files").replaceChildren(...(item.shownFiles ?? []).map(fileElement));
      body.classList.add("msg__body--plain");
      this.pending.set(item.client_id, row);
      this.list.append(row);
      this.tidy(row);
    }
    row.classList.toggle("msg--waiting", item.state !== "failed");
    row.classList.toggle("msg--failed", item.state === "failed");
    return row;
  }

  /** The row of a permalink of this room, where the page has it. */
  row(href) {
    const number = /\/(\d+)\/$/.exec(new URL(href).pathname)?.[1];
    return number ? this.list.querySelector(`.msg[data-number="${number}"]`) : null;
  }

  settle(clientId) {
    const row = clientId && this.pending.get(clientId);
    if (!row) return;
    row.remove();
    this.pending.delete(clientId);
    for (const left of this.pending.values()) this.tidy(left);
  }

  clear() {
    const waiting = [...this.pending.values()];
    this.list.replaceChildren(...waiting);
    this.rows.clear();
  }

  /** Take the oldest rows off a list that has grown long; answers whether it did. */
  trim() {
    if (this.rows.size <= KEPT_ROWS) return false;
    const rows = [...this.list.querySelectorAll(".msg[data-number]")];
    for (const row of rows.slice(0, rows.length - TRIMMED_TO)) {
      this.rows.delete(Number(row.dataset.id));
      row.remove();
    }
    while (this.list.firstElementChild && !this.list.firstElementChild.matches(".msg, .timeline__day"))
      this.list.firstElementChild.remove();
    const first = this.list.querySelector(".msg[data-number]");
    for (const day of this.list.querySelectorAll(".timeline__day"))
      if (day.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING) day.remove();
    this.tidy(first);
    return true;
  }

  build(data) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    const at = data.at;
    if (data.number) {
      if (this.hasAnchors) row.id = `m${data.number}`;
      row.dataset.id = data.id;
      row.dataset.number = data.number;
      row.querySelector(".msg__time").href = `${this.url}${data.number}/`;
    }
    row.dataset.at = at;
    row.dataset.author = data.author_id ?? "";
    const avatar = row.querySelector(".avatar");
    avatar.textContent = initialsOf(data.author);
    avatar.dataset.hue = hueOf(data.author);
    row.querySelector(".msg__author").textContent = data.author;
    const time = row.querySelector("time");
    time.dateTime = at;
    time.textContent = timeText(at, this.zone);
    time.title = exactText(at, this.zone);
    row.querySelector(".msg__bot").hidden = !data.bot;
    this.quote(row, data.reply);
    if (data.deleted) this.bury(row);
    // Sanitised by the server when it was written (chat/rendering.py).
    else if (data.html) row.querySelector(".msg__body").innerHTML = data.html;
    row.querySelector(".msg__edited").hidden = !data.edited_at;
    row.querySelector(".msg__files").replaceChildren(...(data.files ?? []).map(fileElement));
    showReactions(row, data.reactions ?? []);
    row.classList.toggle("msg--pinned", Boolean(data.pinned));
    showAnswers(row, data.reply_count ?? 0);
    this.decorate(row, data);
    return row;
  }

  quote(row, reply) {
    const quote = row.querySelector(".msg__quote");
    if (!reply) {
      quote.remove();
      return;
    }
    row.dataset.reply = reply.id;
    quote.hidden = false;
    quote.href = `${this.url}${reply.number}/`;
    quote.querySelector("strong").textContent = reply.author;
    quote.querySelector(".truncate").textContent = reply.text || "a deleted message";
  }

  /** What an event changes of a message that is shown; one that is not shown is loaded changed. */
  change({ type, data }) {
    this.changeQuotes({ type, data });
    const row = this.rows.get(data.id)?.row;
    if (!row) return;
    if (type === "message.edited") {
      row.querySelector(".msg__body").innerHTML = data.html;
      row.querySelector(".msg__edited").hidden = false;
      this.decorate(row, data);
    } else if (type === "message.deleted") this.bury(row);
    else if (type === "message.pinned") row.classList.add("msg--pinned");
    else if (type === "message.unpinned") row.classList.remove("msg--pinned");
    else changeReaction(row, data, type === "reaction.added", this.userId);
  }

  /** What was deleted or edited is quoted no longer as it was. */
  changeQuotes({ type, data }) {
    if (type !== "message.deleted" && type !== "message.edited") return;
    const text = type === "message.deleted" ? "a deleted message" : textOf(data.html).slice(0, QUOTED_CHARS);
    for (const quote of this.list.querySelectorAll(`.msg[data-reply="${data.id}"] .msg__quote .truncate`))
      quote.textContent = text;
  }

  bury(row) {
    row.classList.add("msg--deleted");
    row.classList.remove("msg--pinned");
    const words = document.createElement("p");
    words.textContent = "This message was deleted.";
    row.querySelector(".msg__body").replaceChildren(words);
    row.querySelector(".msg__edited").hidden = true;
    for (const part of row.querySelectorAll(".msg__files, .msg__reactions")) part.replaceChildren();
  }

  /** A message's thread has one answer more. */
  countAnswer(rootId) {
    const row = this.rows.get(rootId)?.row;
    if (row) showAnswers(row, Number(row.querySelector(".msg__thread").dataset.count) + 1);
  }

  /** Set a row's name and day by what stands before it. */
  tidy(row) {
    const before = previousMessage(row);
    const [earlier, data] = [before, row].map((one) => one && this.dataOf(one));
    const isAfterLine = row.previousElementSibling?.classList.contains("timeline__new");
    row.classList.toggle("msg--first", isAfterLine || startsGroup(earlier, data, this.zone));
    const startsDay = !earlier || dayOf(earlier.at, this.zone) !== dayOf(data.at, this.zone);
    let line = row.previousElementSibling;
    if (line?.classList.contains("timeline__new")) line = line.previousElementSibling;
    const hasDay = line?.classList.contains("timeline__day") && line.dataset.day === dayOf(data.at, this.zone);
    if (startsDay && !hasDay) this.list.insertBefore(this.dayLine(data.at), row);
    if (!startsDay && line?.classList.contains("timeline__day")) line.remove();
  }

  dataOf(row) {
    return (
      this.rows.get(Number(row.dataset.id))?.data ?? {
        author: row.querySelector(".msg__author").textContent,
        author_id: row.dataset.author ? Number(row.dataset.author) : null,
        at: row.dataset.at,
      }
    );
  }

  dayLine(at) {
    const line = document.createElement("li");
    line.className = "timeline__day";
    line.dataset.day = dayOf(at, this.zone);
    const text = document.createElement("span");
    text.textContent = dayText(at, this.zone);
    line.append(text);
    return line;
  }

  /** The element before which a message with this number goes. */
  rowAfter(number) {
    const firstPending = this.pending.values().next().value ?? null;
    if (number > this.last) return dayLineOf(firstPending) ?? null;
    for (const row of this.list.querySelectorAll(".msg[data-number]")) {
      if (Number(row.dataset.number) > number) return dayLineOf(row);
    }
    return null;
  }
}

export function textOf(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim().replace(/\s+/g, " ");
}

function showAnswers(row, count) {
  const link = row.querySelector(".msg__thread");
  link.dataset.count = count;
  link.hidden = count === 0;
  link.textContent = `${count} answer${count === 1 ? "" : "s"}`;
}

/** The day's line above a row goes with the row. */
function dayLineOf(row) {
  let element = row;
  while (element?.previousElementSibling?.matches(".timeline__day, .timeline__new")) element = element.previousElementSibling;
  return element;
}

function previousMessage(row) {
  let element = row.previousElementSibling;
  while (element && !element.classList.contains("msg")) element = element.previousElementSibling;
  return element;
}

function nextMessage(row) {
  let element = row.nextElementSibling;
  while (element && !element.classList.contains("msg")) element = element.nextElementSibling;
  return element;
}
