// What a seating plan lacks to be a concert: title, hall, dates, a price for each category.
import { h, show } from "../dom.js";
import { typed_amount } from "../format.js";
import { t } from "../i18n.js";
import { notice } from "../ui.js";
import { typed_number } from "./fields.js";
import { field, OperatorNotices, text_input } from "./pieces.js";

const DATES_MAX = 50;

export class PlanForm {
  #title = text_input("plan-title", "", { maxlength: "200" });
  #venue;
  #dates = h("div", { class: "stack" });
  #date_inputs = [];
  #prices;
  #opens_at = h("input", { id: "plan-opens", type: "datetime-local" });
  #active_max = text_input("plan-active-max", "", { inputmode: "numeric" });
  #currency;
  #notices = new OperatorNotices();

  // `found`: of look_into(). Where the currency is not known ("") it is asked for: a wrong guess
  // would sell at a hundredth of the price.
  constructor(found, file_name, currency) {
    const known = { maxlength: "3", readonly: currency !== "" };
    this.#currency = text_input("plan-currency", currency, known);
    this.#venue = text_input("plan-venue", found.name, { maxlength: "200" });
    this.#prices = found.categories.map((name, i) => ({
      name,
      input: text_input("price-" + i, "", { inputmode: "decimal" }),
    }));
    this.#add_date();
    const more = { type: "button", onclick: () => this.#add_date().focus() };
    this.#more = h("button", more, t("plan.date.more"));
    const prices = this.#prices.map(({ name, input }) => field(t("plan.price", { name }), input));
    this.element = h(
      "div",
      { class: "stack plan-form", oninput: () => this.#notices.clear() },
      h("h3", {}, t("plan.heading", { file: file_name })),
      h("p", { class: "quiet" }, t("plan.about", { n: found.seats })),
      h(
        "div",
        { class: "fields" },
        field(t("plan.title"), this.#title),
        field(t("plan.venue"), this.#venue),
      ),
      this.#dates,
      h("p", {}, this.#more),
      h("div", { class: "fields" }, field(t("plan.currency"), this.#currency), prices),
      h(
        "div",
        { class: "fields" },
        field(t("plan.opens"), this.#opens_at, t("plan.opens.hint")),
        field(t("limits.active_max"), this.#active_max, t("plan.active_max.hint")),
      ),
      this.#notices.element,
    );
  }

  #more;

  focus() {
    this.#title.focus();
  }

  #add_date() {
    const n = this.#date_inputs.length + 1;
    const input = h("input", { id: "plan-date-" + n, type: "datetime-local" });
    this.#date_inputs.push(input);
    this.#dates.append(field(t("plan.date", { number: String(n) }), input));
    if (n === DATES_MAX) show(this.#more, false);
    return input;
  }

  #refuse(name, input) {
    this.#notices.show(notice("warn", t(name)));
    input.focus();
    return null;
  }

  // What concert_of() takes; null where something is missing, which has been said then.
  read() {
    this.#notices.clear();
    const title = this.#title.value.trim();
    if (!title) return this.#refuse("plan.fault.title", this.#title);
    const dates = this.#date_inputs.map(({ value }) => value).filter(Boolean);
    if (!dates.length) return this.#refuse("plan.fault.date", this.#date_inputs[0]);
    const currency = this.#currency.value.trim().toUpperCase();
    if (!/^[A-Z]{3}$/.test(currency)) return this.#refuse("plan.fault.currency", this.#currency);
    const prices = {};
    for (const { name, input } of this.#prices) {
      prices[name] = typed_amount(input.value, currency);
      if (prices[name] === null) return this.#refuse("plan.fault.price", input);
    }
    const active_max = typed_number(this.#active_max.value);
    if (Number.isNaN(active_max) || active_max === 0) {
      return this.#refuse("limits.fault.active_max", this.#active_max);
    }
    const opens_at = this.#opens_at.value;
    return { title, venue: this.#venue.value.trim(), dates, prices, opens_at, active_max };
  }
}
