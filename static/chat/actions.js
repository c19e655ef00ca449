// What one can do with a message: a toolbar over the one that is pointed at, and keys on the one that has the focus.

const KEYS = { r: "reply", e: "edit", p: "pin", l: "link", "+": "react", Delete: "delete", t: "thread" };

/** The action of a key on a focused message, "up" or "down" to go on, or null. */
export function actionOfKey({ key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey) return null;
  if (key === "ArrowUp" || key === "k") return "up";
  if (key === "ArrowDown" || key === "j") return "down";
  return KEYS[key] ?? null;
}

/** Which actions a person has on a message: {author_id, isDeleted}. */
export function actionsFor(message, { userId, mayReact, mayPost, mayPin, mayDelete }) {
  if (message.isDeleted || !message.id) return [];
  const mine = message.author_id === userId;
  return [
    mayReact && "react",
    mayPost && "reply",
    mine && mayPost && "edit",
    mayPin && "pin",
    "link",
    !mine && "report",
    (mine || mayDelete) && "delete",
  ].filter(Boolean);
}

export class Actions {
  /** `act(name, row)` does it. */
  constructor({ bar, picker, box, rights, act }) {
    Object.assign(this, { bar, picker, box, rights, act });
    this.row = null;
    box.addEventListener("pointerover", ({ target }) => {
      if (this.picker.hidden) this.show(target.closest(".msg"));
    });
    box.addEventListener("pointerleave", ({ relatedTarget }) => {
      if (!this.bar.contains(relatedTarget) && !this.picker.contains(relatedTarget) && this.picker.hidden) this.hide();
    });
    box.addEventListener("focusin", ({ target }) => this.show(target.closest(".msg")));
    box.addEventListener("scroll", () => this.hide(), { passive: true });
    box.addEventListener("keydown", (event) => this.key(event));
    bar.addEventListener("click", ({ target }) => {
      const name = target.closest("[data-act]")?.dataset.act;
      if (name) this.start(name);
    });
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

  show(row) {
    if (!row || row === this.row) return;
    const names = actionsFor(messageOf(row), this.rights);
    if (!names.length) return this.hide();
    this.row = row;
    for (const button of this.bar.querySelectorAll("[data-act]")) button.hidden = !names.includes(button.dataset.act);
    row.append(this.bar);
    this.bar.hidden = false;
  }

  hide() {
    this.bar.hidden = true;
    this.row = null;
  }

  start(name) {
    const row = this.row;
    if (!row || !actionsFor(messageOf(row), this.rights).concat("thread").includes(name)) return;
    if (name === "react") this.openPicker(row);
    else this.act(name, row);
  }

  openPicker(row) {
    row.append(this.picker);
    this.picker.hidden = false;
    this.picker.querySelector("button").focus({ preventScroll: true });
  }

  closePicker() {
    this.picker.hidden = true;
    this.row?.focus({ preventScroll: true });
    this.hide();
  }

  key(event) {
    const row = event.target.closest(".msg");
    const name = actionOfKey(event);
    if (!name || event.target.closest("input, textarea, .picker")) return;
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
    isDeleted: row.classList.contains("msg--deleted"),
    isPinned: row.classList.contains("msg--pinned"),
    text: row.querySelector(".msg__body").textContent.trim(),
  };
}
