// Where one writes: Enter or Ctrl+Enter sends, Shift+Enter starts a line; what is half written survives a reload.

const DRAFT_SAVED_AFTER_MS = 300;

/** Whether a key press sends: not while an input method composes, inside a code block, or on a phone's keyboard. */
export function sends({ key, shiftKey, ctrlKey, metaKey, isComposing }, { isTouch, before }) {
  if (key !== "Enter" || isComposing) return false;
  if (ctrlKey || metaKey) return true;
  return !shiftKey && !isTouch && !isInCode(before);
}

/** Whether a text ends inside a fenced code block that is still open. */
export function isInCode(text) {
  return (text.match(/^ {0,3}```/gm) ?? []).length % 2 === 1;
}

export class Composer {
  /**
   * `onSend(text)`: false where it takes nothing and the text is to stay; `mayBeEmpty()`: whether something besides the
   * text is to be sent; `onUp`: the up arrow in an empty field.
   */
  constructor({ form, storage, key, onSend, onTyping = () => {}, onUp = () => {}, mayBeEmpty = () => false }) {
    Object.assign(this, { form, storage, key, onSend, onTyping, onUp, mayBeEmpty });
    this.text = form.querySelector("textarea");
    this.isTouch = matchMedia("(pointer: coarse)").matches;
    if (!this.text.value) this.text.value = this.stored();
    this.fit();
    this.text.addEventListener("input", () => this.typed());
    // A message of files alone is sent too; without script the field stays required.
    this.text.required = false;
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "ArrowUp" && !this.text.value) {
        event.preventDefault();
        this.onUp();
        return;
      }
      const before = this.text.value.slice(0, this.text.selectionStart);
      if (!sends(event, { isTouch: this.isTouch, before })) return;
      event.preventDefault();
      this.submit();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
  }

  submit() {
    const body = this.text.value;
    if (!body.trim() && !this.mayBeEmpty()) {
      this.text.focus();
      return;
    }
    const bytes = new TextEncoder().encode(body).length;
    const tooLong = bytes > this.text.maxLength;
    this.text.setCustomValidity(tooLong ? `That is ${bytes - this.text.maxLength} bytes too long: at most 8 KiB.` : "");
    if (tooLong) {
      this.text.reportValidity();
      return;
    }
    if (this.onSend(body) === false) return;
    this.text.value = "";
    this.typed();
    this.text.focus();
  }

  /** Put a text into the field, above what stands there already. */
  put(body) {
    this.text.value = [body, this.text.value].filter(Boolean).join("\n");
    this.typed();
    this.text.focus();
  }

  typed() {
    this.text.setCustomValidity("");
    this.fit();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), DRAFT_SAVED_AFTER_MS);
    if (this.text.value) this.onTyping();
  }

  fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  stored() {
    try {
      return this.storage.getItem(this.key) ?? "";
    } catch {
      return "";
    }
  }

  save() {
    try {
      if (this.text.value) this.storage.setItem(this.key, this.text.value);
      else this.storage.removeItem(this.key);
    } catch {
      // Without storage a draft lives as long as the page.
    }
  }
}
