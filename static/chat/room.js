// A room's page: the stream brings messages, the outbox sends them, history loads as one scrolls.

import { toast } from "../chowk/js/toasts.js";
import { live } from "../notifications/live.js";
import { Actions, messageOf } from "./actions.js";
import { Completion, emojiLike } from "./completion.js";
import { Composer } from "./composer.js";
import { Deeds } from "./deeds.js";
import { Attachments } from "./files.js";
import { exactText } from "./looks.js";
import { Outbox } from "./outbox.js";
import { Pages } from "./pages.js";
import { showState, stateOf } from "./pending.js";
import { showOnline, Typing } from "./people.js";
import { tellReactors } from "./reactions.js";
import { Scroller } from "./scroller.js";
import { Standing } from "./standing.js";
import { Thread } from "./thread.js";
import { textOf, Timeline } from "./timeline.js";

const READ_AFTER_MS = 600;
const TYPING_EVERY_MS = 3000;
const ANNOUNCED_CHARS = 160;

const room = document.getElementById("room");
const { stream, url, historyUrl, uploadUrl, zone, username } = room.dataset;
const roomId = Number(room.dataset.room);
const userId = Number(room.dataset.user);
const may = (what) => room.dataset[`may${what}`] === "1";
const form = document.getElementById("composer");
const jump = document.getElementById("jump");
const saidOf = new WeakMap();
let unseen = 0;
let readNumber = 0;
let answered = null;
let typedAt = 0;

const shown = { template: document.getElementById("message-template"), url, zone, userId, username, decorate: markMentions };
const timeline = new Timeline({ list: document.getElementById("timeline"), ...shown });
const scroller = new Scroller({
  box: document.getElementById("scroll"),
  onEdge: (side) => pages.load(side),
  onEnd: () => pages.isAtNewest && seen(),
  onMoved: () => showJump(),
});
const pages = new Pages({
  timeline,
  scroller,
  url: historyUrl,
  more: { older: room.dataset.hasOlder === "1", newer: room.dataset.hasNewer === "1" },
  newest: timeline.last,
});
const thread = new Thread({
  side: document.getElementById("side"),
  call: (method, params) => live.call(method, params),
  options: shown,
});
const standing = new Standing({
  room,
  userId,
  timeText: (at) => exactText(at, zone),
  onRevoked: () => {
    announceText(document.getElementById("closed").textContent);
    showOnline(0, []);
  },
});
const outbox = new Outbox({
  send: ({ body, client_id, reply_to, files }) =>
    live.call("chat.send", { room: roomId, body, client_id, ...(reply_to && { reply_to }), ...(files && { files }) }),
  storage: localStorage,
  key: `chowk.outbox.${userId}.${roomId}`,
  onChange: showItem,
  onStored: stored,
});
const typing = new Typing({ onChange: (text) => (document.getElementById("typing") ?? {}).textContent !== text && say(text) });

const rights = {
  userId,
  mayReact: may("React"),
  mayPost: may("Post"),
  mayPin: may("Pin"),
  mayDelete: may("Delete"),
  mayMute: may("Mute"),
  mayBan: may("Ban"),
  maySeeHistory: may("SeeHistory"),
};
const deeds = new Deeds({ roomId, url, zone, rights, answer, openThread });
new Actions({
  bar: document.getElementById("actions"),
  picker: document.getElementById("picker"),
  box: room,
  rights,
  act: (name, row, choice) => row && deeds.do(name, row, choice),
});

const writing = form && setUpComposer();
for (const item of outbox.items) showItem(item);
start();

live.subscribe(stream, { after: Number(room.dataset.after), onEvents: receive, onReset: startAfresh, onRefused: () => standing.revoke() });
live.onNotice("chat.typing", (notice) => notice.room === roomId && typing.heard(notice));
live.onNotice("chat.presence", (notice) => notice.room === roomId && showOnline(notice.count, notice.online));
live.onState((state) => {
  if (state === "connected") {
    outbox.pump();
    live.call("chat.watch", { room: roomId }).then(({ online }) => showOnline(online.length, online), () => {});
  }
  if (state === "offline") showOnline(0, []);
  room.dataset.connection = state;
  for (const item of outbox.items) showItem(item);
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && scroller.isAtEnd && seen());
jump.addEventListener("click", toNewest);
room.addEventListener("click", (event) => {
  const { target } = event;
  const row = target.closest(".msg");
  const quote = target.closest("a.msg__quote");
  if (quote && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    const quoted = timeline.row(quote.href);
    if (quoted) {
      event.preventDefault();
      find(quoted);
    }
    return;
  }
  if (target.closest(".reaction")) deeds.do("toggle", row, target.closest(".reaction").dataset.emoji);
  else if (target.closest(".msg__thread")) openThread(row);
  else if (target.closest(".msg__edited") && rights.maySeeHistory) deeds.do("versions", row);
});
tellReactors(room, (method, params) => live.call(method, params));
document.querySelector("#keys dl")?.append(document.getElementById("room-keys").content);

function start() {
  const wanted = room.dataset.at && document.getElementById(`m${room.dataset.at}`);
  const firstNew = document.getElementById("new");
  if (wanted) {
    find(wanted);
  } else if (firstNew) {
    scroller.toEnd();
    if (firstNew.getBoundingClientRect().top < scroller.box.getBoundingClientRect().top) scroller.show(firstNew, "start");
  } else {
    scroller.toEnd();
  }
  if (scroller.isAtEnd && pages.isAtNewest) seen();
  else showJump();
  if (form && matchMedia("(pointer: fine)").matches && !wanted) form.querySelector("textarea").focus();
}

/** Show a message and mark it as the one that was looked for. */
function find(row) {
  for (const before of timeline.list.querySelectorAll(".msg--found")) before.classList.remove("msg--found");
  row.classList.add("msg--found");
  scroller.show(row);
}

function setUpComposer() {
  const text = form.querySelector("textarea");
  const files = new Attachments({
    list: document.getElementById("files"),
    input: document.getElementById("attach"),
    dropZone: room,
    url: uploadUrl,
    csrf: form.querySelector("[name=csrfmiddlewaretoken]").value,
    onRefused: (name, reason) => announceText(`${name}: ${reason}`),
  });
  new Completion({ text, list: document.getElementById("names"), find: complete });
  const composer = new Composer({
    form,
    storage: localStorage,
    key: `chowk.draft.${userId}.${roomId}`,
    mayBeEmpty: () => files.entries.some((entry) => entry.state === "there"),
    onUp: editLast,
    onTyping: () => {
      if (Date.now() - typedAt < TYPING_EVERY_MS || live.state !== "connected") return;
      typedAt = Date.now();
      live.call("chat.typing", { room: roomId }).catch(() => {});
    },
    onSend: (body) => {
      if (files.isBusy) announceText("A file is still on its way; it can go with the next message.");
      const sent = files.take();
      outbox.add(body, {
        ...(answered && { reply_to: answered.id, quote: answered }),
        ...(sent.length && { files: sent.map(({ key }) => key), shownFiles: sent }),
      });
      answer(null);
      typedAt = 0;
      if (pages.isAtNewest) scroller.toEnd();
      else toNewest();
    },
  });
  document.querySelector("#answering button").addEventListener("click", () => answer(null));
  text.addEventListener("keydown", ({ key }) => key === "Escape" && answer(null));
  new Composer({
    form: document.getElementById("thread-composer"),
    storage: sessionStorage,
    key: `chowk.draft.${userId}.${roomId}.thread`,
    onSend: (body) => {
      const row = thread.lastRow();
      if (!row) {
        toast("Everything in this thread was deleted.");
        return false;
      }
      const last = messageOf(row);
      outbox.add(body, { reply_to: last.id, quote: last });
      return true;
    },
  });
  return { composer, files };
}

function answer(row) {
  answerTo(row && messageOf(row));
}

function answerTo(message) {
  answered = message;
  const line = document.getElementById("answering");
  if (!line) return;
  line.hidden = !answered;
  if (!answered) return;
  line.querySelector(".truncate").textContent = `${answered.author}: ${answered.text}`;
  form.querySelector("textarea").focus();
}

function openThread(row) {
  thread.open(messageOf(row).id, row).catch((error) => toast(error.message));
}

function editLast() {
  const mine = [...timeline.list.querySelectorAll(".msg[data-number]")].filter((row) => {
    const message = messageOf(row);
    return message.author_id === userId && !message.isDeleted;
  });
  if (mine.length) deeds.do("edit", mine.at(-1));
}

async function complete(kind, word) {
  if (kind === "name") {
    const { names } = await live.call("chat.names", { room: roomId, start: word });
    return names.map((name) => ({ value: `@${name}` }));
  }
  if (kind === "emoji") return emojiLike(word, document.getElementById("emoji").content.children);
  const commands = [...document.getElementById("commands").content.querySelectorAll("span")];
  return commands
    .filter(({ dataset }) => dataset.name.startsWith(`/${word}`))
    .map(({ dataset, textContent }) => ({ value: dataset.name, note: `${dataset.usage} ${textContent}` }));
}

// --- What arrives ------------------------------------------------------------------------------------------

function receive(events) {
  const follow = scroller.wasAtEnd && pages.isAtNewest;
  const arrived = [];
  for (const event of events) {
    const { type, at, data } = event;
    thread.take(event);
    standing.take(event);
    if (type === "message.posted") {
      pages.heardOf(data.number);
      typing.wrote(data.author);
      outbox.drop(data.client_id);
      if (data.thread) timeline.countAnswer(data.thread);
      if (!pages.isAtNewest) timeline.settle(data.client_id);
      const isNews = !pages.isAtNewest || timeline.insert({ ...data, at });
      if (isNews && data.author_id !== userId) arrived.push(data);
    } else if (type === "room.changed") {
      document.querySelector("#room-title span").textContent = data.name;
    } else if (data.id) {
      timeline.change(event);
    }
  }
  announce(arrived);
  if (follow) {
    scroller.keeping(() => timeline.trim() && (pages.more.older = true));
    scroller.toEnd();
    seen();
  } else if (arrived.length) {
    unseen += arrived.length;
    showJump();
  }
}

/** The stream cannot be followed from where the page stands: show the newest page instead. */
async function startAfresh(seq) {
  await pages.toNewest();
  live.rebase(stream, seq);
}

async function toNewest() {
  if (!pages.isAtNewest) await pages.toNewest();
  scroller.toEnd();
  seen();
}

function seen() {
  unseen = 0;
  showJump();
  if (document.visibilityState !== "visible" || timeline.last <= readNumber) return;
  readNumber = timeline.last;
  clearTimeout(seen.timer);
  seen.timer = setTimeout(
    () => live.call("chat.read", { room: roomId, number: readNumber }).catch(() => (readNumber = 0)),
    READ_AFTER_MS,
  );
}

function showJump() {
  jump.hidden = unseen === 0 && pages.isAtNewest && !scroller.isFarUp;
  jump.classList.toggle("room__jump--new", unseen > 0);
  jump.querySelector("span").textContent = unseen ? `${unseen} new` : "Newest";
}

// --- What is sent ------------------------------------------------------------------------------------------

function stored({ client_id }, { id, command }) {
  if (command?.go_to) location.assign(command.go_to);
  if (command?.say) toast(command.say);
  if (!id || timeline.has(id)) forget(client_id);
}

function showItem(item) {
  if (item.state === "stored") return;
  const row = timeline.showPending(item);
  const said = stateOf(item, { isOffline: live.state !== "connected", now: Date.now() });
  showState(row.querySelector(".msg__state"), said, {
    "Try again": () => outbox.retry(item.client_id),
    Edit: () => putBack(item),
    Discard: () => forget(item.client_id),
  });
  if (item.error && item.error !== saidOf.get(item)) announceText(said.text);
  saidOf.set(item, item.error);
  if (item.until > Date.now()) setTimeout(() => outbox.find(item.client_id) === item && showItem(item), 1000);
}

/** What was refused stands in the composer again, with its files and what it answers, to be written otherwise. */
function putBack(item) {
  forget(item.client_id);
  if (item.quote) answerTo(item.quote);
  writing.files.giveBack(item.shownFiles ?? []);
  writing.composer.put(item.body);
}

function forget(clientId) {
  outbox.drop(clientId);
  timeline.settle(clientId);
}

// --- Small things ------------------------------------------------------------------------------------------

function say(text) {
  const line = document.getElementById("typing");
  if (line) line.textContent = text;
}

function markMentions(row) {
  for (const mention of row.querySelectorAll(".mention")) {
    const who = mention.dataset.user;
    mention.classList.toggle("mention--me", who === "room" || Number(who) === userId);
  }
}

function announce(messages) {
  if (!messages.length) return;
  if (messages.length > 3) {
    announceText(`${messages.length} new messages`);
    return;
  }
  announceText(messages.map(({ author, html }) => `${author}: ${textOf(html).slice(0, ANNOUNCED_CHARS)}`).join("\n"));
}

function announceText(text) {
  document.getElementById("announcer").textContent = text;
}
