// Where the reader stands: at the end, the list follows what arrives; further up, nothing moves under their eyes.

const NEAR_PX = 80;
const LOAD_WITHIN_PX = 600;

export class Scroller {
  constructor({ box, onEdge, onEnd, onMoved = () => {} }) {
    Object.assign(this, { box, onEdge, onEnd, onMoved });
    this.wasAtEnd = true;
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    // Pictures and fonts that arrive, a keyboard that opens: the end stays the end.
    new ResizeObserver(() => this.wasAtEnd && this.toEnd()).observe(box);
    new ResizeObserver(() => this.wasAtEnd && this.toEnd()).observe(box.querySelector("#timeline"));
  }

  get below() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  get isAtEnd() {
    return this.below < NEAR_PX;
  }

  /** Whether the end is more than a screen away. */
  get isFarUp() {
    return this.below > this.box.clientHeight;
  }

  scrolled() {
    this.wasAtEnd = this.isAtEnd;
    if (this.wasAtEnd) this.onEnd();
    if (this.box.scrollTop < LOAD_WITHIN_PX) this.onEdge("older");
    if (this.below < LOAD_WITHIN_PX) this.onEdge("newer");
    this.onMoved();
  }

  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.wasAtEnd = true;
  }

  show(element, block = "center") {
    this.wasAtEnd = false;
    element.scrollIntoView({ block });
    this.wasAtEnd = this.isAtEnd;
  }

  /** Change what stands above without moving what is read. */
  keeping(change) {
    const anchor = this.box.scrollHeight - this.box.scrollTop;
    const wasAtEnd = this.wasAtEnd;
    this.wasAtEnd = false;
    change();
    this.box.scrollTop = this.box.scrollHeight - anchor;
    this.wasAtEnd = wasAtEnd;
  }
}
