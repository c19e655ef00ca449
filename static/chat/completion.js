// What can be completed while one writes: @names of members, :emoji by name, /commands at the start.

/** The word before the cursor that can be completed: {kind, start, word}, or null. */
export function wordAt(text, cursor) {
  const before = text.slice(0, cursor);
  const command = /^\/(\w*)$/.exec(before);
  if (command) return { kind: "command", start: 0, word: command[1] };
  const emoji = /(?:^|[\s(]):([a-z0-9_+-]{2,})$/.exec(before);
  if (emoji) return { kind: "emoji", start: cursor - emoji[1].length - 1, word: emoji[1] };
  const name = /(?:^|[\s(])@([\w.+-]*)$/.exec(before);
  return name ? { kind: "name", start: cursor - name[1].length - 1, word: name[1] } : null;
}

/** The text with the word completed, and where the cursor stands then. */
export function completed(text, cursor, { start }, choice) {
  const head = `${text.slice(0, start)}${choice} `;
  return { text: head + text.slice(cursor).replace(/^ /, ""), cursor: head.length };
}

/** The emoji whose names have the word in them, those that begin with it first. */
export function emojiLike(word, known) {
  return [...known]
    .filter(({ dataset }) => dataset.name.includes(word))
    .sort((a, b) => b.dataset.name.startsWith(word) - a.dataset.name.startsWith(word))
    .slice(0, 8)
    .map(({ dataset, textContent }) => ({ value: textContent, note: `:${dataset.name}:` }));
}

export class Completion {
  /** `find(kind, word)` resolves to [{value, note}]. */
  constructor({ text, list, find }) {
    Object.assign(this, { text, list, find });
    this.at = null;
    this.choices = [];
    this.chosen = 0;
    text.addEventListener("input", () => this.look());
    text.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    // Before the composer's own keys: Enter takes the choice instead of sending.
    text.addEventListener("keydown", (event) => this.key(event), { capture: true });
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const item = event.target.closest("[data-place]");
      if (item) this.take(Number(item.dataset.place));
    });
  }

  async look() {
    const at = wordAt(this.text.value, this.text.selectionStart);
    this.at = at;
    if (!at) return this.close();
    const choices = await this.find(at.kind, at.word).catch(() => []);
    // Sent or written on in the meantime: what was asked for stands there no more.
    if (this.at !== at || wordAt(this.text.value, this.text.selectionStart)?.word !== at.word) return;
    this.choices = choices;
    this.chosen = 0;
    this.show();
  }

  key(event) {
    if (this.list.hidden) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      this.close();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.chosen = (this.chosen + step + this.choices.length) % this.choices.length;
    else if (event.key === "Enter" || event.key === "Tab") this.take(this.chosen);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (step) this.show();
  }

  take(place) {
    const { text, cursor } = completed(this.text.value, this.text.selectionStart, this.at, this.choices[place].value);
    this.text.value = text;
    this.text.setSelectionRange(cursor, cursor);
    this.close();
    this.text.dispatchEvent(new Event("input", { bubbles: true }));
  }

  show() {
    this.list.hidden = this.choices.length === 0;
    if (!this.list.hidden) this.text.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    this.list.replaceChildren(
      ...this.choices.map(({ value, note }, place) => {
        const item = document.createElement("li");
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", place === this.chosen);
        item.dataset.place = place;
        item.id = `${this.list.id}-${place}`;
        const strong = document.createElement("strong");
        strong.textContent = value;
        item.append(strong, " ", note ?? "");
        return item;
      }),
    );
  }

  close() {
    this.list.hidden = true;
    this.choices = [];
    this.text.removeAttribute("aria-activedescendant");
  }
}
