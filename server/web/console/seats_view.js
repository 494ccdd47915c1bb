// The hall as operators see it: every seat and its state, now; blocking and unblocking those that
// are chosen; what happened to a seat, and releasing the hold that it is in.
import { h, set_text, svg } from "../dom.js";
import { starts_text } from "../format.js";
import { Hall } from "../hall.js";
import { current_locale, t } from "../i18n.js";
import { SeatList } from "../seat_list.js";
import { SeatMap } from "../seat_map.js";
import { tabs } from "../tabs.js";
import { every, notice } from "../ui.js";
import { ConcertHead, loading, OperatorNotices } from "./pieces.js";
import { SeatChoice } from "./seat_choice.js";
import { operators_manner, STATES, shape_of_state, state_of } from "./seat_look.js";

const EVERY_MS = 2_000;

class Legend {
  #counts = new Map(STATES.map((state) => [state, h("strong", { class: "number" })]));
  element = h(
    "ul",
    { class: "legend", "aria-label": t("seat.legend") },
    STATES.map((state) => {
      const mark = svg("path", { d: shape_of_state(state), class: "seat " + state });
      const drawing = { viewBox: "-6 -6 12 12", class: "sample", "aria-hidden": "true" };
      return h("li", {}, svg("svg", drawing, mark), t("seat." + state), this.#counts.get(state));
    }),
  );

  count(seats) {
    const counts = new Map(STATES.map((state) => [state, 0]));
    for (const seat of seats) counts.set(state_of(seat), counts.get(state_of(seat)) + 1);
    for (const [state, n] of counts) {
      set_text(this.#counts.get(state), n.toLocaleString(current_locale()));
      this.#counts.get(state).parentElement.hidden = state === "allotted" && n === 0;
    }
  }
}

function areas_table(areas) {
  const cells = ["available", "held", "sold"];
  const row = (area) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, area.section),
      cells.map((name) =>
        h("td", { class: "number" }, area[name].toLocaleString(current_locale())),
      ),
    );
  const head = ["col.area", "seat.available", "seat.held", "seat.sold"];
  return h(
    "table",
    {},
    h("caption", {}, t("seat.areas")),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        head.map((name) => h("th", { scope: "col" }, t(name))),
      ),
    ),
    h("tbody", {}, areas.map(row)),
  );
}

class SeatsView {
  #app;
  #signal;
  #performance;
  #hall = null;
  #etag = null;
  #chosen = new Set();
  #notices = new OperatorNotices();
  #legend = new Legend();
  #areas = h("div", { class: "scroll" });
  #shown = [];
  #choice = null;
  #is_failing = false;
  element = h("div", { class: "stack operator" }, loading());

  constructor(app, signal, concert_id, performance) {
    this.#app = app;
    this.#signal = signal;
    this.#performance = performance;
    this.concert_id = concert_id;
    every(EVERY_MS, () => this.load(), signal);
  }

  async load() {
    const path = `/admin/v1/performances/${this.#performance}/seats?status=all`;
    try {
      const answer = await this.#app.api.call("GET", path, { etag: this.#etag });
      if (this.#signal.aborted) return;
      if (this.#is_failing) this.#notices.clear();
      this.#is_failing = false;
      if (answer.status === 304) return;
      this.#etag = answer.etag;
      if (!this.#hall) return this.#begin(answer.data);
      this.#repaint(this.#hall.replace(answer.data));
    } catch (problem) {
      if (!problem.code) throw problem;
      if (this.#signal.aborted || this.#is_failing) return;
      this.#is_failing = true;
      if (!this.#hall) this.element.replaceChildren(this.#notices.element);
      this.#notices.problem(problem);
    }
  }

  #begin(data) {
    const hall = (this.#hall = new Hall(data));
    this.#choice = new SeatChoice({
      app: this.#app,
      hall,
      chosen: this.#chosen,
      performance: this.#performance,
      notices: this.#notices,
      on_change: (seats) => this.#repaint(seats),
      reload: () => this.load(),
    });
    const parts = [this.#notices.element];
    if (hall.seats.length) parts.push(this.#legend.element, this.#ways(), this.#choice.element);
    if (hall.areas.length) parts.push(this.#areas);
    if (parts.length === 1) parts.push(notice("info", t("seat.none")));
    this.element.replaceChildren(...parts);
    this.#repaint([]);
  }

  #ways() {
    const look = h("p", { class: "look" });
    const options = {
      hall: this.#hall,
      state_of,
      manner: operators_manner(this.#chosen),
      on_choose: (seat) => this.#choice.toggle(seat),
    };
    const map = new SeatMap({ ...options, on_look: (text) => set_text(look, text) });
    const list = new SeatList(options);
    this.#shown = [map, list];
    const below = h("div", { class: "below-map" }, look, map.buttons);
    const keys = h("p", { class: "keys quiet" }, t("seats.keys"));
    return tabs(t("seat.views"), [
      ["map", t("seats.map"), h("div", {}, map.element, below, keys)],
      ["list", t("seats.list"), list.element],
    ]);
  }

  #repaint(seats) {
    for (const shown of this.#shown) shown.refresh(seats);
    this.#legend.count(this.#hall.seats);
    if (this.#hall.areas.length) this.#areas.replaceChildren(areas_table(this.#hall.areas));
    this.#choice.hear(seats);
  }
}

// Which date, where there are several.
class DateChoice {
  #app;
  #concert;
  #select = h("select", { id: "date", onchange: () => this.#go() });
  element = h(
    "div",
    { class: "field date-choice" },
    h("label", { for: "date" }, t("col.date")),
    this.#select,
  );

  constructor(app, concert_id) {
    this.#app = app;
    this.#concert = concert_id;
  }

  fill(performances, chosen) {
    const option = ({ performance_id, starts_at }) =>
      h(
        "option",
        { value: performance_id, selected: performance_id === chosen },
        starts_text(starts_at),
      );
    this.#select.replaceChildren(...performances.map(option));
  }

  #go() {
    this.#app.go(`/${this.#concert}/seats/${this.#select.value}`);
  }
}

export function seats_view(app, concert_id, signal, performance) {
  const live = app.live(concert_id);
  const head = new ConcertHead(concert_id, "seats");
  const dates = new DateChoice(app, concert_id);
  const notices = new OperatorNotices();
  const place = h("div", { class: "stack" }, loading());
  let is_begun = false;
  const hear = () => {
    head.hear(live.room);
    if (is_begun || !live.report) return;
    is_begun = true;
    const { performances } = live.report;
    const chosen = performance || performances[0].performance_id;
    dates.fill(performances, chosen);
    place.replaceChildren(dates.element, new SeatsView(app, signal, concert_id, chosen).element);
  };
  live.listen(signal, hear, () => {
    if (is_begun) return;
    place.replaceChildren(notices.element);
    notices.problem(live.problem);
  });
  return [head.element, place];
}
