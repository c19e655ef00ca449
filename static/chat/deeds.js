// What is done with a message, by its toolbar, its keys or its own parts.

import { toast } from "../chowk/js/toasts.js";
import { live } from "../notifications/live.js";
import { messageOf } from "./actions.js";
import { ask } from "./ask.js";
import { exactText } from "./looks.js";

/** 10 → "10 minutes", 1440 → "a day". */
export function muteText(minutes) {
  if (minutes % 1440 === 0) return minutes === 1440 ? "a day" : `${minutes / 1440} days`;
  return minutes === 60 ? "an hour" : `${minutes} minutes`;
}

export class Deeds {
  /** `answer(row)` and `openThread(row)` are the page's own. */
  constructor({ roomId, url, zone, rights, answer, openThread }) {
    Object.assign(this, { roomId, url, zone, rights, answer, openThread });
  }

  /** `choice` is what was picked with it: an emoji, or for how many minutes to mute. */
  do(name, row, choice) {
    const message = messageOf(row);
    if (name === "emoji") this.react(row, message, choice, true);
    else if (name === "toggle") this.react(row, message, choice, false);
    else if (name === "reply") this.answer(row);
    else if (name === "thread") this.openThread(row);
    else if (name === "edit") this.edit(message);
    else if (name === "pin") this.pin(message);
    else if (name === "link") this.copyLink(message);
    else if (name === "versions") this.showVersions(message);
    else if (name === "report") this.report(message);
    else if (name === "mute") this.mute(message, Number(choice));
    else if (name === "ban") this.ban(message);
    else if (name === "delete") this.remove(message);
  }

  /** The call's result; null where it was refused, which is said. */
  async call(method, params, done = "") {
    try {
      const result = await live.call(method, params);
      if (done) toast(done);
      return result;
    } catch (error) {
      toast(error.message);
      return null;
    }
  }

  react(row, { id }, emoji, always) {
    if (!this.rights.mayReact) return;
    const pressed = [...row.querySelectorAll(".reaction")].find((one) => one.dataset.emoji === emoji);
    this.call("chat.react", { id, emoji, on: always || pressed?.getAttribute("aria-pressed") !== "true" });
  }

  pin({ id, isPinned }) {
    this.call("chat.pin", { id, on: !isPinned }, isPinned ? "Unpinned" : "Pinned");
  }

  async edit({ id }) {
    const source = await this.call("chat.source", { id });
    if (!source) return;
    const body = await ask({ title: "Edit the message", label: "Message", text: source.body, yes: "Save" });
    if (body !== null && body !== source.body) this.call("chat.edit", { id, body });
  }

  /** What a message said before: for those who keep the room. */
  async showVersions({ id }) {
    const found = await this.call("chat.versions", { id });
    if (!found) return;
    const past = found.versions.map((one) => ({ title: `Until ${exactText(one.replaced_at, this.zone)}`, text: one.body }));
    if (past.length) ask({ title: "What it said before", past: past.reverse(), yes: "Close" });
    else toast("There are no earlier versions.");
  }

  async remove({ id, author, text }) {
    const quote = text && `${author}: ${text}`;
    const sure = await ask({ title: "Delete this message for everyone?", quote, yes: "Delete", isDanger: true });
    if (sure !== null) this.call("chat.delete", { id });
  }

  async report({ id, author, text }) {
    const words = `Those who keep the room will see it and your name; ${author} will not.`;
    const quote = `${author}: ${text || "(no text)"}`;
    const reason = await ask({ title: "Report this message", words, quote, label: "What is wrong with it?", yes: "Report" });
    if (reason !== null) this.call("chat.report", { id, reason }, "Thank you. Those who keep the room will look at it.");
  }

  mute({ author }, minutes) {
    const done = `${author} is muted for ${muteText(minutes)}. You can end it under People.`;
    this.call("chat.mute", { room: this.roomId, user: author, minutes }, done);
  }

  async ban({ author }) {
    const title = `Ban ${author} from the room?`;
    const words = "They can neither read nor write here, and what they have open closes at once.";
    const sure = await ask({ title, words, yes: "Ban", isDanger: true });
    if (sure !== null) this.call("chat.ban", { room: this.roomId, user: author }, `${author} is banned.`);
  }

  async copyLink({ number }) {
    const address = new URL(`${this.url}${number}/`, location.href).href;
    try {
      await navigator.clipboard.writeText(address);
      toast("Link copied");
    } catch {
      toast(address, { href: address });
    }
  }
}
