// Seats that are held: which, for how long still, and how to keep or return them.
import { passed_mark } from "./clock.js";
import { h, set_text, show } from "./dom.js";
import { clock_text, date_text, duration_text, money_text, starts_text } from "./format.js";
import { t } from "./i18n.js";
import { seat_name } from "./seat_text.js";
import { work_button } from "./ui.js";

const MARKS = [300_000, 60_000, 20_000];

export class HoldCard {
  #app;
  #visit;
  #left = Infinity;
  #countdown = h("span", { class: "countdown", role: "timer" });
  #is_over = false;

  constructor({ app, visit, hold, notices, on_over }) {
    this.#app = app;
    this.#visit = visit;
    this.#on_over = on_over;
    this.id = hold.reservation_id;
    this.#extend = work_button(
      t("checkout.extend"),
      t("page.loading"),
      notices,
      () => this.#more(),
      {
        class: "",
      },
    );
    const release = work_button(
      t("checkout.release"),
      t("page.loading"),
      notices,
      () => visit.release(this.id),
      { class: "plain" },
    );
    this.element = h(
      "section",
      { class: "card hold" },
      h("h2", {}, this.#when(hold)),
      h(
        "ul",
        { class: "seats" },
        hold.seats.map((seat) => this.#seat(seat)),
      ),
      h("p", { class: "left" }, this.#countdown),
      h("p", { class: "actions" }, this.#extend, release),
    );
    this.update(hold);
  }

  #extend;
  #hold;
  #on_over;

  #when(hold) {
    const date = this.#visit.known_date(hold.performance_id);
    return date ? starts_text(date.starts_at) : date_text(hold.date);
  }

  #seat(seat) {
    return h("li", {}, h("span", {}, seat_name(seat)), h("span", {}, money_text(seat.price)));
  }

  update(hold) {
    this.#hold = hold;
    this.#is_over = false;
    this.#left = this.#app.clock.until(hold.held_until);
    show(this.#extend, Date.parse(hold.held_until) < Date.parse(hold.extend_until));
    this.tick();
  }

  // Once a second.
  tick() {
    const left = this.#app.clock.until(this.#hold.held_until);
    if (left === null) return;
    set_text(this.#countdown, t("checkout.left", { time: clock_text(left) }));
    this.#countdown.classList.toggle("soon", left <= 60_000);
    const mark = passed_mark(MARKS, this.#left, left);
    this.#left = left;
    if (mark) this.#app.speak(t("checkout.warn", { time: duration_text(mark) }), true);
    if (left > 0 || this.#is_over) return;
    this.#is_over = true;
    this.#on_over();
  }

  async #more() {
    await this.#visit.extend(this.id);
    this.#app.speak(t("checkout.extended"));
  }
}
