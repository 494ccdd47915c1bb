// The plan of the hall: its sections as long as the seats would be too small or too many, and then
// the seats in view. At most SEATS_MAX seats are in the page at once, however large the hall is.
import { h, svg } from "./dom.js";
import { PITCH, Viewport } from "./geometry.js";
import { end_of_row, nearest, next_seat } from "./hall.js";
import { t } from "./i18n.js";
import { buyers_manner } from "./manner.js";
import { MapPointer } from "./map_pointer.js";
import { SectionLayer, stage_height } from "./section_layer.js";
import { colour_of } from "./shapes.js";

export const SEATS_MAX = 3_000;
// Neighbours are as many pixels apart at least, where seats are shown.
const SEAT_PIXELS_MIN = 10;
// And so many where one has gone to them, to be hit by a finger.
const SEAT_PIXELS_GOOD = 26;
// How far beyond the view seats are kept, as a share of it, so that a small step needs no new ones.
const BEYOND = 0.2;

const DIRECTIONS = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

function inside(box, other) {
  return (
    box.left >= other.left &&
    box.right <= other.right &&
    box.top >= other.top &&
    box.bottom <= other.bottom
  );
}

export class SeatMap {
  #hall;
  #state_of;
  #manner;
  #on_choose;
  #on_look;
  #view;
  #sections;
  #drawn_box = null; // where seats are drawn; null while sections are
  #nodes = new Map(); // by index of the seat
  #rows = new Map(); // groups, by row
  #active = null; // the seat that Tab leads to
  #looked_at = null;
  #frame = 0;

  // state_of(seat): "available", "held", "sold", "blocked", "chosen" or "yours".
  // on_look(text): what is pointed at.
  constructor({ hall, state_of, manner = buyers_manner, on_choose, on_look }) {
    this.#hall = hall;
    this.#state_of = state_of;
    this.#manner = manner;
    this.#on_choose = on_choose;
    this.#on_look = on_look;
    this.#make();
  }

  #make() {
    const button = (label, sign, act) =>
      h("button", { type: "button", "aria-label": label, title: label, onclick: act }, sign);
    this.#sections = new SectionLayer(this.#hall);
    this.seats_layer = svg("g", { class: "seats" });
    this.ring = svg("circle", { class: "ring", r: 6.4, visibility: "hidden" });
    this.drawing = svg(
      "svg",
      { class: "plan" },
      this.#sections.element,
      this.seats_layer,
      this.ring,
    );
    this.element = h("div", { class: "map" }, this.drawing);
    this.buttons = h(
      "div",
      { class: "zoom" },
      button(t("seats.zoom_in"), "+", () => this.zoom(1.6)),
      button(t("seats.zoom_out"), "−", () => this.zoom(1 / 1.6)),
      button(t("seats.whole"), "⤢", () => this.show_all()),
    );
    this.#view = new Viewport(this.#whole(), 600, 400);
    this.drawing.addEventListener("keydown", (event) => this.#press(event));
    this.drawing.addEventListener("focusin", ({ target }) => {
      this.#look_at(target);
      this.#ring_at(this.#seat_at(target));
    });
    this.drawing.addEventListener("focusout", () => this.#ring_at(null));
    this.drawing.addEventListener("pointerover", ({ target }) => this.#look_at(target));
    new MapPointer(this.drawing, {
      pan: (x, y) => (this.#view.pan(x, y), this.draw_soon()),
      zoom: (factor, x, y) => (this.#view.zoom(factor, x, y), this.draw_soon()),
      tap: (target, at, is_finger) => this.#tap(target, at, is_finger),
    });
    new ResizeObserver(([{ contentRect }]) => this.#resize(contentRect)).observe(this.drawing);
  }

  #whole() {
    const box = { ...this.#hall.box };
    if (this.#hall.has_plan) box.top -= stage_height(this.#hall) + PITCH;
    return box;
  }

  #resize({ width, height }) {
    if (width === 0) return;
    const was_whole = this.#view.scale <= this.#view.least_scale * 1.01;
    this.#view.resize(width, height);
    if (was_whole) this.#view.show(this.#whole());
    this.draw();
  }

  // --- moving

  draw_soon() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  zoom(factor) {
    this.#view.zoom(factor);
    this.draw();
  }

  show_all() {
    this.#view.show(this.#whole());
    this.draw();
  }

  // So near that seats are drawn, around that point of the hall.
  #go_to({ x, y }, box) {
    if (box) this.#view.show(box);
    if (this.#view.scale * PITCH < SEAT_PIXELS_MIN) {
      this.#view.scale = SEAT_PIXELS_GOOD / PITCH;
      this.#view.x = x;
      this.#view.y = y;
    }
    while (this.#too_many()) this.#view.scale *= 1.25;
    this.draw();
  }

  #too_many() {
    return this.#hall.index.within(this.#view.box(BEYOND), SEATS_MAX).length > SEATS_MAX;
  }

  // --- drawing

  draw() {
    const box = this.#view.box();
    const size = `${box.right - box.left} ${box.bottom - box.top}`;
    this.drawing.setAttribute("viewBox", `${box.left} ${box.top} ${size}`);
    this.drawing.classList.toggle("can-pan", this.#view.scale > this.#view.least_scale * 1.02);
    const is_near = this.#view.scale * PITCH >= SEAT_PIXELS_MIN;
    if (is_near && this.#drawn_box && inside(box, this.#drawn_box))
      return this.#sections.fit_texts(this.#view.scale);
    const found = is_near ? this.#hall.index.within(this.#view.box(BEYOND), SEATS_MAX) : [];
    if (found.length > 0 && found.length <= SEATS_MAX) this.#show_seats(found);
    else this.#show_sections();
    this.#sections.fit_texts(this.#view.scale);
  }

  #show_sections() {
    const had_focus = this.seats_layer.contains(document.activeElement);
    this.#drawn_box = null;
    this.#nodes.clear();
    this.#rows.clear();
    this.seats_layer.replaceChildren();
    this.drawing.classList.remove("near");
    this.drawing.setAttribute("role", "group");
    this.drawing.setAttribute("aria-label", t("seats.sections"));
    this.drawing.removeAttribute("aria-multiselectable");
    this.#sections.become_buttons();
    if (had_focus) this.#sections.focus();
  }

  #show_seats(found) {
    const had_focus = this.#sections.has_focus();
    this.#drawn_box = this.#view.box(BEYOND);
    this.drawing.classList.add("near");
    this.drawing.setAttribute("role", "grid");
    this.drawing.setAttribute("aria-label", t("seats.plan"));
    this.drawing.setAttribute("aria-multiselectable", "true");
    this.#sections.become_names();
    const wanted = new Set(found);
    const focused = document.activeElement?.dataset?.seat;
    for (const [index, node] of this.#nodes) {
      if (wanted.has(index) || String(index) === focused) continue;
      node.remove();
      this.#nodes.delete(index);
    }
    for (const index of found) if (!this.#nodes.has(index)) this.#add(this.#hall.seats[index]);
    for (const [row, group] of this.#rows) {
      if (group.childElementCount > 0) continue;
      group.remove();
      this.#rows.delete(row);
    }
    this.#keep_a_way_in();
    if (had_focus) this.#nodes.get(this.#active.index).focus({ preventScroll: true });
  }

  #add(seat) {
    const node = svg("path", {
      role: "gridcell",
      "data-seat": seat.index,
      transform: `translate(${seat.x.toFixed(1)} ${seat.y.toFixed(1)})`,
    });
    this.#nodes.set(seat.index, node);
    this.#paint(seat, node);
    const { in_row: row, in_section: section } = seat;
    if (!this.#rows.has(row)) {
      const name = [section.name, row.name && t("seats.row", { name: row.name })];
      const label = name.filter(Boolean).join(", ") || t("seats.all");
      const group = svg("g", { role: "row", "aria-label": label });
      this.seats_layer.append(group);
      this.#rows.set(row, group);
    }
    this.#rows.get(row).append(node);
  }

  #paint(seat, node) {
    const state = this.#state_of(seat);
    const is_mine = this.#manner.is_mine(seat, state);
    const kind = is_mine ? state + " mine" : state;
    node.setAttribute("d", this.#manner.shape_of(seat, state));
    node.setAttribute("class", `seat ${kind} colour-${colour_of(seat.category)}`);
    node.setAttribute("aria-label", this.#manner.label_of(seat, state));
    node.setAttribute("aria-selected", String(is_mine));
    if (this.#manner.can_choose(state)) node.removeAttribute("aria-disabled");
    else node.setAttribute("aria-disabled", "true");
    node.setAttribute("tabindex", seat === this.#active ? "0" : "-1");
  }

  // Tab leads to one seat: where one was, or to one in the middle of what is seen.
  #keep_a_way_in() {
    if (this.#active && this.#nodes.has(this.#active.index)) return;
    const drawn = [...this.#nodes.keys()].map((index) => this.#hall.seats[index]);
    const middle = { x: this.#view.x, y: this.#view.y };
    this.#activate(nearest(drawn.filter(this.#manner.can_go), middle) ?? nearest(drawn, middle));
  }

  #activate(seat) {
    if (this.#active) this.#nodes.get(this.#active.index)?.setAttribute("tabindex", "-1");
    this.#active = seat;
    this.#nodes.get(seat.index)?.setAttribute("tabindex", "0");
  }

  // Seats that are another now.
  refresh(seats) {
    for (const seat of seats) {
      const node = this.#nodes.get(seat.index);
      if (!node) continue;
      this.#paint(seat, node);
      if (seat === this.#looked_at) this.#on_look(this.#label_of(seat));
    }
    this.#sections.refresh(new Set(seats.map((seat) => seat.in_section)));
  }

  // --- hands and keys

  // Around the seat that has the focus: an outline of its own shape would hide what it means.
  #ring_at(seat) {
    this.ring.setAttribute("visibility", seat ? "visible" : "hidden");
    this.ring.setAttribute("cx", seat?.x ?? 0);
    this.ring.setAttribute("cy", seat?.y ?? 0);
  }

  #look_at(target) {
    const seat = this.#seat_at(target);
    if (!seat) return;
    this.#looked_at = seat;
    this.#on_look(this.#label_of(seat));
  }

  #seat_at(target) {
    const index = target.dataset?.seat;
    return index === undefined ? null : this.#hall.seats[Number(index)];
  }

  #tap(target, at, is_finger) {
    const seat = this.#seat_at(target);
    const is_small = this.#view.scale * PITCH < SEAT_PIXELS_GOOD * 0.75;
    if (seat && is_finger && is_small) return this.#approach(seat);
    if (seat) {
      this.#activate(seat);
      return this.#choose(seat);
    }
    const section = this.#drawn_box ? null : this.#sections.section_at(target);
    if (section) this.#go_to(nearest(section.seats, this.#view.point(at.x, at.y)), section.box);
  }

  // A finger covers several seats: first they become large enough to hit one.
  #approach({ x, y }) {
    Object.assign(this.#view, { x, y, scale: SEAT_PIXELS_GOOD / PITCH });
    this.draw();
  }

  #choose(seat) {
    if (this.#manner.can_choose(this.#state_of(seat))) this.#on_choose(seat);
  }

  #label_of(seat) {
    return this.#manner.label_of(seat, this.#state_of(seat));
  }

  #enter_section(section) {
    const target =
      nearest(section.seats.filter(this.#manner.can_go), section.middle) ?? section.seats[0];
    this.#go_to(target, section.box);
    this.focus_seat(target);
  }

  focus_seat(seat) {
    if (this.#view.scale * PITCH < SEAT_PIXELS_MIN) this.#go_to(seat, null);
    if (this.#view.reveal(seat) || !this.#nodes.has(seat.index)) {
      this.#drawn_box = null;
      this.draw();
    }
    this.#activate(seat);
    this.#nodes.get(seat.index)?.focus({ preventScroll: true });
  }

  #press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const seat = this.#seat_at(event.target);
    const did =
      this.#press_anywhere(event.key) ||
      (seat ? this.#press_on_seat(event.key, seat) : this.#press_on_section(event));
    if (did) event.preventDefault();
  }

  #press_anywhere(key) {
    if (key === "+" || key === "=") this.zoom(1.6);
    else if (key === "-") this.zoom(1 / 1.6);
    else if (key === "Escape" || key === "0") this.show_all();
    else return false;
    return true;
  }

  #press_on_seat(key, seat) {
    if (key === "Enter" || key === " ") {
      this.#choose(seat);
      return true;
    }
    const { can_go } = this.#manner;
    let next = null;
    if (key in DIRECTIONS) next = next_seat(this.#hall, seat, DIRECTIONS[key], can_go);
    else if (key === "Home" || key === "End") next = end_of_row(seat, key === "End", can_go);
    else return false;
    if (next) this.focus_seat(next);
    return true;
  }

  #press_on_section({ key, target }) {
    const section = this.#sections.section_at(target);
    if (!section || (key !== "Enter" && key !== " ")) return false;
    this.#enter_section(section);
    return true;
  }
}
