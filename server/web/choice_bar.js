// What is chosen and what it costs, always in sight, with the button that holds it.
import { h, set_text, show } from "./dom.js";
import { money_text } from "./format.js";
import { t } from "./i18n.js";
import { seat_name } from "./seat_text.js";
import { work_button } from "./ui.js";

export class ChoiceBar {
  #hall;
  #choice;
  #on_remove;
  #chips = h("ul", { class: "chips" });
  #count = h("strong", { role: "status" });
  #total = h("span", { class: "total" });

  // on_remove(seat) for one; on_clear(); hold() holds them all.
  constructor({ hall, choice, notices, on_remove, on_clear, hold }) {
    this.#hall = hall;
    this.#choice = choice;
    this.#on_remove = on_remove;
    this.hold = work_button(t("seats.hold"), t("seats.holding"), notices, hold);
    const clear = h(
      "button",
      { type: "button", class: "plain", onclick: on_clear },
      t("seats.clear"),
    );
    this.element = h(
      "div",
      { class: "choice-bar" },
      this.#chips,
      h("div", { class: "sum" }, this.#count, this.#total),
      h("p", { class: "actions" }, clear, this.hold),
    );
    this.refresh();
  }

  refresh() {
    const { count } = this.#choice;
    show(this.element, count > 0);
    set_text(this.#count, t("seats.choice", { n: count }));
    const { currency } = this.#hall.prices[0] ?? this.#hall.areas[0].price;
    set_text(this.#total, money_text({ amount: this.#choice.total(this.#hall), currency }));
    this.#chips.replaceChildren(...[...this.#choice.seats].map((number) => this.#chip(number)));
    show(this.#chips, this.#choice.seats.size > 0);
  }

  #chip(number) {
    const seat = this.#hall.seat(number);
    const name = seat_name(seat);
    const label = t("seats.remove", { seat: name });
    const remove = () => this.#on_remove(seat);
    return h(
      "li",
      {},
      h("span", {}, name),
      h("button", { type: "button", "aria-label": label, title: label, onclick: remove }, "×"),
    );
  }
}
