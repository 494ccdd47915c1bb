// Choosing seats of one date: on the plan, from a list, or by letting the box office choose. Others
// hold and release meanwhile, and it shows.
import { AreaForm } from "./area_form.js";
import { best_form } from "./best_form.js";
import { Choice } from "./choice.js";
import { ChoiceBar } from "./choice_bar.js";
import { h, set_text, show, svg } from "./dom.js";
import { date_text, money_text, starts_text } from "./format.js";
import { Hall, instead_of } from "./hall.js";
import { t } from "./i18n.js";
import { SeatList } from "./seat_list.js";
import { SeatMap } from "./seat_map.js";
import { seat_names } from "./seat_text.js";
import { CHOSEN, colour_of, shape_of, TAKEN } from "./shapes.js";
import { tabs } from "./tabs.js";
import { turn_bar } from "./turn_bar.js";
import { heading, NoticePlace, notice } from "./ui.js";

function sample(path, kind) {
  const mark = svg("path", { d: path, class: "seat " + kind });
  return svg("svg", { viewBox: "-6 -6 12 12", class: "sample", "aria-hidden": "true" }, mark);
}

function legend(hall) {
  const price = (one, category) => {
    const mark = sample(shape_of(category), `available colour-${colour_of(category)}`);
    return h("li", {}, mark, money_text(one));
  };
  return h(
    "ul",
    { class: "legend", "aria-label": t("seats.legend") },
    hall.prices.map(price),
    h("li", {}, sample(CHOSEN, "chosen"), t("seats.legend.chosen")),
    h("li", {}, sample(TAKEN, "sold"), t("seats.legend.taken")),
  );
}

class SeatsView {
  #app;
  #visit;
  #signal;
  #performance;
  #hall = null;
  #etag = null;
  #choice = new Choice();
  #shown = []; // what draws seats, each with refresh(seats)
  #notices = new NoticePlace();
  #body = h("div", {}, h("p", { class: "loading", role: "status" }, t("page.loading")));
  #date = h("p", {});

  constructor(app, visit, signal, performance) {
    this.#app = app;
    this.#visit = visit;
    this.#signal = signal;
    this.#performance = performance;
    visit.addEventListener("seats", ({ detail }) => this.#hear(detail), { signal });
    visit.addEventListener("resync", () => this.#load(), { signal });
    visit.addEventListener("holds", () => this.#repaint_all(), { signal });
    this.elements = [
      turn_bar(app, visit, signal),
      h("p", {}, h("a", { href: `#/${visit.id}/dates` }, "← " + t("dates.heading"))),
      h(
        "div",
        { class: "title" },
        heading(t("seats.heading")),
        this.#date,
        h("p", { class: "quiet" }, visit.concert.title),
      ),
      this.#notices.element,
      this.#body,
    ];
    this.#load();
  }

  async #load() {
    try {
      if (!this.#visit.known_date(this.#performance)) await this.#visit.load_dates();
      const { status, data, etag } = await this.#visit.load_seats(this.#performance, this.#etag);
      if (this.#signal.aborted || status === 304) return;
      this.#etag = etag;
      if (this.#hall) this.#changed(this.#hall.replace(data));
      else this.#begin(data);
    } catch (problem) {
      if (!problem.code) throw problem;
      if (this.#signal.aborted || (this.#hall && problem.is_passing)) return;
      const again = h(
        "button",
        { type: "button", onclick: () => this.#load() },
        t("page.try_again"),
      );
      if (!this.#hall) this.#body.replaceChildren();
      this.#notices.problem(problem, again);
    }
  }

  #begin(data) {
    const hall = (this.#hall = new Hall(data));
    const date = this.#visit.known_date(this.#performance);
    const when = date ? starts_text(date.starts_at) : date_text(data.date);
    set_text(this.#date, when);
    this.#bar = new ChoiceBar({
      hall,
      choice: this.#choice,
      notices: this.#notices,
      on_remove: (seat) => this.#toggle(seat),
      on_clear: () => this.#clear(),
      hold: () => this.#hold(this.#choice.request()),
    });
    const ways = hall.seats.length ? this.#ways() : null;
    if (hall.areas.length) this.#areas = this.#area_form();
    const is_full = notice("info", t("seats.none_free"), t("seats.none_free.do"));
    this.#full = is_full;
    show(is_full, hall.free === 0);
    this.#body.replaceChildren(
      is_full,
      ...[this.#areas?.element, ways, this.#bar.element].filter(Boolean),
    );
  }

  #bar;
  #areas = null;
  #full;

  #ways() {
    const hall = this.#hall;
    const look = h("p", { class: "look" });
    const options = {
      hall,
      state_of: (seat) => this.#state_of(seat),
      on_choose: (seat) => this.#toggle(seat),
    };
    const map = new SeatMap({ ...options, on_look: (text) => set_text(look, text) });
    const list = new SeatList(options);
    this.#shown = [map, list];
    const hold = (wanted) => this.#hold(wanted);
    return tabs(t("seats.views"), [
      ["map", t("seats.map"), this.#plan(map, look)],
      ["list", t("seats.list"), list.element],
      ["best", t("seats.best"), best_form({ hall, notices: this.#notices, hold })],
    ]);
  }

  #plan(map, look) {
    const below = h("div", { class: "below-map" }, look, map.buttons);
    const keys = h("p", { class: "keys quiet" }, t("seats.keys"));
    return h("div", {}, legend(this.#hall), map.element, below, keys);
  }

  #area_form() {
    return new AreaForm({
      hall: this.#hall,
      choice: this.#choice,
      on_change: () => this.#bar.refresh(),
    });
  }

  // --- the choice

  #state_of(seat) {
    if (this.#choice.seats.has(seat.number)) return "chosen";
    const is_own = (hold) =>
      hold.performance_id === this.#performance &&
      hold.seats.some(({ number }) => number === seat.number);
    return seat.status === "held" && this.#visit.holds.some(is_own) ? "yours" : seat.status;
  }

  #toggle(seat) {
    this.#notices.clear();
    this.#choice.toggle(seat.number);
    this.#repaint([seat]);
  }

  #clear() {
    const seats = [...this.#choice.seats].map((number) => this.#hall.seat(number));
    this.#choice.clear();
    this.#areas?.refresh();
    this.#repaint(seats);
  }

  #repaint(seats) {
    for (const shown of this.#shown) shown.refresh(seats);
    this.#bar.refresh();
  }

  #repaint_all() {
    if (this.#hall) this.#repaint(this.#hall.seats);
  }

  async #hold(wanted) {
    try {
      const held = await this.#visit.hold(this.#performance, wanted);
      // Of an attempt whose answer was lost until the hold had ended.
      if (held.status !== "held") return this.#load();
      this.#app.go(this.#visit, "/checkout");
    } catch (problem) {
      const is_taken = problem.code === "seat_held" || problem.code === "seat_sold";
      if (!is_taken || !problem.seats.length) throw problem;
      const status = problem.code === "seat_held" ? "held" : "sold";
      // What the stream will tell as well, if there is one.
      this.#changed(this.#hall.mark(problem.seats, status));
      this.#load();
    }
  }

  // --- others

  #hear(change) {
    if (this.#hall?.performance_id !== change.performance_id) return;
    const changed = this.#hall.apply(change);
    if (changed) this.#changed(changed);
  }

  #changed(seats) {
    const lost = this.#choice.drop_taken(this.#hall);
    this.#areas?.refresh();
    show(this.#full, this.#hall.free === 0);
    this.#repaint(seats);
    if (lost.length) this.#tell_lost(lost);
  }

  #tell_lost(lost) {
    const name = lost.length > 1 ? "seats.taken.many" : "seats.taken";
    const what = t(name, { seats: seat_names(lost) });
    const offers = instead_of(this.#hall, lost, this.#choice.seats);
    if (!offers.length) return this.#notices.show(notice("warn", what, t("seats.near.none")));
    const choose = () => {
      this.#notices.clear();
      for (const seat of offers) {
        if (seat.status === "available") this.#choice.seats.add(seat.number);
      }
      this.#repaint(offers);
      this.#bar.hold.focus();
    };
    const label = t("seats.near", { seats: seat_names(offers) });
    const button = h("button", { type: "button", class: "primary", onclick: choose }, label);
    this.#notices.show(notice("warn", what, null, button));
  }
}

export function seats_view(app, visit, signal, performance) {
  return new SeatsView(app, visit, signal, performance).elements;
}
