// What one can do with a message: a toolbar over the one that is pointed at, and keys on the one that has the focus.

import { GO_WITHIN_MS } from "../chowk/js/shortcuts.js";

const KEYS = { r: "reply", e: "edit", p: "pin", l: "link", "+": "react", Delete: "delete", t: "thread" };

/** The action of a key on a focused message, "up" or "down" to go on, or null. */
export function actionOfKey({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  if (key === "ArrowUp" || key === "k") return "up";
  if (key === "ArrowDown" || key === "j") return "down";
  return KEYS[key] ?? null;
}

/** Which actions a person has on a message: {id, author_id, isDeleted}. */
export function actionsFor(message, rights) {
  if (!message.id) return [];
  const mine = message.author_id === rights.userId;
  const other = message.author_id !== null && !mine;
  const live = !message.isDeleted;
  return [
    live && rights.mayReact && "react",
    live && rights.mayPost && "reply",
    live && mine && rights.mayPost && "edit",
    live && rights.mayPin && "pin",
    live && "link",
    live && "thread",
    rights.maySeeHistory && (message.isEdited || message.isDeleted) && "versions",
    live && !mine && "report",
    live && (mine || rights.mayDelete) && "delete",
    other && rights.mayMute && "mute",
    other && rights.mayBan && "ban",
  ].filter(Boolean);
}

export class Actions {
  /** `act(name, row, choice)` does it. */
  constructor({ bar, picker, box, rights, act }) {
    Object.assign(this, { bar, picker, box, rights, act });
    this.more = bar.querySelector("details");
    this.row = null;
    this.goingSince = -Infinity;
    box.addEventListener("pointerover", ({ target }) => {
      if (!this.isOpen) this.show(target.closest(".msg"));
    });
    box.addEventListener("pointerleave", ({ relatedTarget }) => {
      if (!this.bar.contains(relatedTarget) && !this.picker.contains(relatedTarget) && !this.isOpen) this.hide();
    });
    box.addEventListener("focusin", ({ target }) => !this.bar.contains(target) && this.show(target.closest(".msg")));
    box.addEventListener("keydown", (event) => this.key(event));
    bar.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-act]");
      if (button) this.start(button.dataset.act, button.dataset.choice);
    });
    this.more.addEventListener("toggle", () => this.more.open && this.place(this.more.querySelector(".menu__sheet")));
    picker.addEventListener("click", ({ target }) => {
      const emoji = target.closest("[data-emoji]")?.dataset.emoji;
      if (!emoji) return;
      this.act("emoji", this.row, emoji);
      this.closePicker();
    });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && !this.picker.hidden && this.closePicker());
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.picker.hidden && !this.picker.contains(target) && !this.bar.contains(target)) this.closePicker();
    });
  }

  get isOpen() {
    return !this.picker.hidden || this.more.open;
  }

  show(row) {
    if (!row || row === this.row) return;
    const message = messageOf(row);
    const names = actionsFor(message, this.rights);
    if (!names.length) return this.hide();
    this.row = row;
    this.more.open = false;
    for (const button of this.bar.querySelectorAll("[data-act]")) button.hidden = !names.includes(button.dataset.act);
    this.more.hidden = !this.more.querySelector("[data-act]:not([hidden])");
    for (const name of this.bar.querySelectorAll("[data-name]")) name.textContent = message.author;
    row.append(this.bar);
    this.bar.hidden = false;
  }

  hide() {
    this.bar.hidden = true;
    this.more.open = false;
    this.row = null;
  }

  start(name, choice) {
    const row = this.row;
    if (!row || !actionsFor(messageOf(row), this.rights).includes(name)) return;
    this.more.open = false;
    if (name === "react") this.openPicker(row);
    else this.act(name, row, choice);
  }

  /** Open a sheet to the side where the list has more room for it. */
  place(sheet) {
    const box = this.row.closest(".room__scroll, .room__side-list, .page").getBoundingClientRect();
    const { top, bottom } = this.row.getBoundingClientRect();
    sheet.classList.toggle("is-above", box.bottom - top < sheet.offsetHeight + 40 && top - box.top > box.bottom - bottom);
  }

  openPicker(row) {
    row.append(this.picker);
    this.picker.hidden = false;
    this.place(this.picker);
    this.picker.querySelector("button").focus({ preventScroll: true });
  }

  closePicker() {
    this.picker.hidden = true;
    this.row?.focus({ preventScroll: true });
    this.hide();
  }

  key(event) {
    const row = event.target.closest(".msg");
    if (event.key === "g") this.goingSince = event.timeStamp;
    // "g p" leads to the problems: it pins nothing.
    const isGoing = event.key !== "g" && event.timeStamp - this.goingSince < GO_WITHIN_MS;
    const name = actionOfKey(event);
    if (!name || isGoing || event.target.closest("input, textarea, .picker")) return;
    if (name === "up" || name === "down") {
      event.preventDefault();
      const rows = [...this.box.querySelectorAll(".msg")];
      const at = row ? rows.indexOf(row) + (name === "up" ? -1 : 1) : rows.length - 1;
      rows[Math.max(0, Math.min(rows.length - 1, at))]?.focus();
    } else if (row && event.target === row) {
      event.preventDefault();
      this.show(row);
      this.start(name);
    }
  }
}

export function messageOf(row) {
  return {
    id: Number(row.dataset.id) || 0,
    number: Number(row.dataset.number) || 0,
    author_id: row.dataset.author ? Number(row.dataset.author) : null,
    author: row.querySelector(".msg__author").textContent,
    isEdited: !row.querySelector(".msg__edited").hidden,
    isDeleted: row.classList.contains("msg--deleted"),
    isPinned: row.classList.contains("msg--pinned"),
    text: row.querySelector(".msg__body").textContent.trim(),
  };
}
