// Mouse, pen and fingers on the plan: drag to pan, pinch or Ctrl and wheel to zoom, tap to choose.

// What moves less is a tap.
const SLACK_PIXELS = 6;

export class MapPointer {
  #element;
  #acts;
  #fingers = new Map(); // by id: where it is
  #start = null; // of a tap, where it began
  #is_drag = false;
  #is_finger = false;

  // acts: pan(x, y), zoom(factor, x, y), tap(target, { x, y }, is_finger)
  constructor(element, acts) {
    this.#element = element;
    this.#acts = acts;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#up(event));
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  #at(event) {
    const { left, top } = this.#element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #down(event) {
    if (event.button !== 0) return;
    const at = this.#at(event);
    this.#fingers.set(event.pointerId, at);
    if (this.#fingers.size > 1) return;
    this.#start = at;
    this.#is_finger = event.pointerType === "touch";
    this.#is_drag = false;
  }

  #move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (!before) return;
    const at = this.#at(event);
    if (this.#fingers.size === 1) {
      const way = Math.hypot(at.x - this.#start.x, at.y - this.#start.y);
      if (!this.#is_drag && way < SLACK_PIXELS) return;
      // From here on it is followed beyond the plan, and is no click on what is below.
      if (!this.#is_drag) this.#element.setPointerCapture(event.pointerId);
      this.#is_drag = true;
      this.#acts.pan(at.x - before.x, at.y - before.y);
    } else {
      this.#pinch(event.pointerId, before, at);
    }
    this.#fingers.set(event.pointerId, at);
  }

  #pinch(id, before, at) {
    this.#is_drag = true;
    const other = [...this.#fingers].find(([finger]) => finger !== id)[1];
    const was = Math.hypot(before.x - other.x, before.y - other.y);
    const is = Math.hypot(at.x - other.x, at.y - other.y);
    if (was > 0 && is > 0) this.#acts.zoom(is / was, (at.x + other.x) / 2, (at.y + other.y) / 2);
  }

  #up(event) {
    this.#fingers.delete(event.pointerId);
  }

  #click(event) {
    if (this.#is_drag) return;
    this.#acts.tap(event.target, this.#at(event), this.#is_finger);
  }

  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { x, y } = this.#at(event);
    this.#acts.zoom(Math.exp(-event.deltaY / 200), x, y);
  }
}
