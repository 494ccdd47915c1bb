// The box office chooses: so many seats, of a section and up to a price where that is wanted.
import { h } from "./dom.js";
import { money_text } from "./format.js";
import { t } from "./i18n.js";
import { section_name } from "./seat_text.js";
import { work_button } from "./ui.js";

const COUNT_MAX = 8;

function select_field(id, label, options) {
  const select = h(
    "select",
    { id },
    options.map(([value, text]) => h("option", { value }, text)),
  );
  return { select, element: h("p", { class: "field" }, h("label", { for: id }, label), select) };
}

// `hold(wanted)` holds them.
export function best_form({ hall, notices, hold }) {
  const counts = Array.from({ length: COUNT_MAX }, (_none, i) => [i + 1, String(i + 1)]);
  const sections = hall.sections.filter(({ name }) => name !== "");
  const prices = hall.prices.slice(1).map((price) => [price.amount, money_text(price)]);
  const count = select_field("best-count", t("best.count"), counts);
  const section = select_field("best-section", t("best.section"), [
    ["", t("best.any_section")],
    ...sections.map((one) => [one.name, section_name(one)]),
  ]);
  const price = select_field("best-price", t("best.max_price"), [
    ["", t("best.any_price")],
    ...prices,
  ]);
  count.select.value = "2";

  const button = work_button(t("best.hold"), t("seats.holding"), notices, async () => {
    const best = { count: Number(count.select.value) };
    if (section.select.value) best.section = section.select.value;
    if (price.select.value) best.max_price = Number(price.select.value);
    await hold({ best });
  });
  return h(
    "div",
    { class: "card best" },
    h("h2", {}, t("best.heading")),
    h("p", { class: "quiet" }, t("best.about")),
    h(
      "div",
      { class: "fields" },
      count.element,
      sections.length > 1 ? section.element : null,
      prices.length > 0 ? price.element : null,
    ),
    h("p", { class: "actions" }, button),
  );
}
