// All seats without a plan: sections, in them rows, in them a button for each seat. What is not
// opened is not made, so that a large hall costs no more than a small one.
import { h } from "./dom.js";
import { is_free } from "./hall.js";
import { t } from "./i18n.js";
import { buyers_manner } from "./manner.js";
import { section_name } from "./seat_text.js";

function when_open(details, fill) {
  let is_filled = false;
  details.addEventListener("toggle", () => {
    if (!details.open || is_filled) return;
    is_filled = true;
    details.append(fill());
  });
  return details;
}

function free_in(seats) {
  return seats.filter(is_free).length;
}

export class SeatList {
  #state_of;
  #manner;
  #on_choose;
  #buttons = new Map(); // by index of the seat
  #counts = new Map(); // texts, by section and row

  constructor({ hall, state_of, manner = buyers_manner, on_choose }) {
    this.#state_of = state_of;
    this.#manner = manner;
    this.#on_choose = on_choose;
    this.element = h(
      "div",
      { class: "seat-list" },
      hall.sections.map((one) => this.#section(one)),
    );
    if (hall.sections.length === 1) this.element.querySelector("details").open = true;
  }

  #section(section) {
    const name = section_name(section);
    const details = h("details", { class: "card" }, this.#summary(name, section));
    return when_open(details, () =>
      h(
        "div",
        {},
        section.rows.map((row) => this.#row(row)),
      ),
    );
  }

  #summary(name, of) {
    const count = h("span", { class: "quiet" }, t("seats.free", { n: free_in(of.seats) }));
    this.#counts.set(of, count);
    return h("summary", {}, name, " ", count);
  }

  #row(row) {
    const [first, last] = [row.seats[0].number, row.seats.at(-1).number];
    const name = row.name
      ? t("seats.row", { name: row.name })
      : t("seats.range", { from: Math.min(first, last), to: Math.max(first, last) });
    const details = h("details", { class: "row" }, this.#summary(name, row));
    return when_open(details, () => {
      const items = row.seats.map((seat) => h("li", {}, this.#button(seat)));
      return h("ul", { class: "seat-buttons", "aria-label": name }, items);
    });
  }

  #button(seat) {
    const button = h("button", { type: "button", onclick: () => this.#choose(seat) });
    this.#buttons.set(seat.index, button);
    this.#paint(seat);
    return button;
  }

  #choose(seat) {
    if (this.#manner.can_choose(this.#state_of(seat))) this.#on_choose(seat);
  }

  #paint(seat) {
    const button = this.#buttons.get(seat.index);
    const state = this.#state_of(seat);
    const is_mine = this.#manner.is_mine(seat, state);
    button.className = "seat-button " + (is_mine ? state + " mine" : state);
    button.setAttribute("aria-pressed", String(is_mine));
    button.setAttribute("aria-disabled", String(!this.#manner.can_choose(state)));
    button.textContent = this.#manner.label_of(seat, state);
  }

  refresh(seats) {
    for (const seat of seats) if (this.#buttons.has(seat.index)) this.#paint(seat);
    const touched = new Set(seats.flatMap((seat) => [seat.in_section, seat.in_row]));
    for (const of of touched) {
      const count = this.#counts.get(of);
      if (count) count.textContent = t("seats.free", { n: free_in(of.seats) });
    }
  }
}
