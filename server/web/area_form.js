// Areas whose seats are as good as each other: how many of each?
import { h, set_text } from "./dom.js";
import { money_text } from "./format.js";
import { t } from "./i18n.js";

const COUNT_MAX = 8;

export class AreaForm {
  #choice;
  #on_change;
  #lines;

  constructor({ hall, choice, on_change }) {
    this.#choice = choice;
    this.#on_change = on_change;
    this.#lines = hall.areas.map((area) => this.#line(area));
    this.element = h(
      "section",
      { class: "card areas" },
      h("h2", {}, t("areas.heading")),
      this.#lines.map((line) => line.element),
    );
    this.refresh();
  }

  #line(area) {
    const name = { name: area.section };
    const count = h("output", { "aria-label": t("areas.count", name) }, "0");
    const free = h("span", { class: "quiet" });
    const step = (by, sign, label) =>
      h(
        "button",
        { type: "button", "aria-label": label, onclick: () => this.#step(area, by) },
        sign,
      );
    const fewer = step(-1, "−", t("areas.fewer", name));
    const more = step(1, "+", t("areas.more", name));
    const element = h(
      "div",
      { class: "area" },
      h("div", {}, h("strong", {}, area.section), " ", free),
      h("span", {}, money_text(area.price)),
      h("div", { class: "stepper" }, fewer, count, more),
    );
    return { area, element, count, free, fewer, more };
  }

  #step(area, by) {
    const most = Math.min(COUNT_MAX, area.available);
    const next = Math.min(most, Math.max(0, (this.#choice.areas.get(area.section) ?? 0) + by));
    this.#choice.set_area(area.section, next);
    this.refresh();
    this.#on_change();
  }

  refresh() {
    for (const { area, count, free, fewer, more } of this.#lines) {
      const chosen = this.#choice.areas.get(area.section) ?? 0;
      set_text(count, String(chosen));
      set_text(free, t("areas.free", { n: area.available }));
      fewer.setAttribute("aria-disabled", String(chosen === 0));
      more.setAttribute("aria-disabled", String(chosen >= Math.min(COUNT_MAX, area.available)));
    }
  }
}
