// How a sale goes: what stands now, how it came to it over time, each date, and the files to take
// away.
import { h, set_text, show } from "../dom.js";
import { money_text, starts_text, time_of_day_text } from "../format.js";
import { current_locale, t } from "../i18n.js";
import { link, notice, work_button } from "../ui.js";
import { Chart } from "./chart.js";
import { file_name } from "./file_names.js";
import { ConcertHead, loading, OperatorNotices, problem_notice } from "./pieces.js";

const ROWS = 30;
// So that a spreadsheet knows it for UTF-8.
const MARK = "\uFEFF";

const number_text = (value) => value.toLocaleString(current_locale());
const rate_text = (value) =>
  value.toLocaleString(current_locale(), { maximumFractionDigits: value < 10 ? 1 : 0 });

function tile(label) {
  const value = h("dd", { class: "number" }, "–");
  const below = h("dd", { class: "below quiet number" });
  return { element: h("div", { class: "tile" }, h("dt", {}, label), value, below), value, below };
}

class Tiles {
  #tiles = Object.fromEntries(
    ["waiting", "admitted", "held", "sold", "takings", "rate"].map((name) => [
      name,
      tile(t("live." + name)),
    ]),
  );
  element = h(
    "dl",
    { class: "tiles" },
    Object.values(this.#tiles).map(({ element }) => element),
  );

  hear({ report, room, history }) {
    const { seats, waiting, admitted, takings } = report;
    const total = seats.free + seats.held + seats.sold + seats.blocked;
    const most = room.room?.active_max ?? null;
    this.#set("waiting", number_text(waiting), classes_text(report.waiting_by_class));
    this.#set("admitted", number_text(admitted), most && t("live.of", { n: most }));
    this.#set("held", number_text(seats.held), t("live.free", { n: seats.free }));
    this.#set("sold", number_text(seats.sold), t("live.of", { n: total }));
    this.#set("takings", money_text(takings));
    const rate = history.rate;
    this.#set("rate", rate === null ? "–" : rate_text(rate));
  }

  #set(name, text, below = "") {
    set_text(this.#tiles[name].value, text);
    set_text(this.#tiles[name].below, below || "");
  }
}

function classes_text(classes) {
  return classes.map((one) => `${one.class} ${number_text(one.waiting)}`).join(" · ");
}

// The same as the charts, in words: the newest first.
class HistoryTable {
  #body = h("tbody", {});
  #details;
  #history = null;
  #currency = "";

  constructor() {
    const names = ["at", "waiting", "admitted", "held", "sold", "takings"];
    const head = names.map((name) => h("th", { scope: "col" }, t("live." + name)));
    const table = h("table", {}, h("thead", {}, h("tr", {}, head)), this.#body);
    const scroll = {
      class: "scroll",
      tabindex: "0",
      role: "region",
      "aria-label": t("live.table"),
    };
    this.#details = h(
      "details",
      { class: "card", ontoggle: () => this.#fill() },
      h("summary", {}, t("live.table")),
      h("div", scroll, table),
    );
    this.element = this.#details;
  }

  hear({ history, report }) {
    this.#history = history;
    this.#currency = report.takings.currency;
    this.#fill();
  }

  #fill() {
    if (!this.#details.open || !this.#history) return;
    const rows = this.#history.rows(ROWS).map((sample) => {
      const numbers = ["waiting", "admitted", "held", "sold"].map((name) =>
        h("td", { class: "number" }, number_text(sample[name])),
      );
      const takings = money_text({ amount: sample.takings, currency: this.#currency });
      const at = h("th", { scope: "row", class: "number" }, time_of_day_text(new Date(sample.at)));
      return h("tr", {}, at, numbers, h("td", { class: "number" }, takings));
    });
    this.#body.replaceChildren(...rows);
  }
}

class Dates {
  #body = h("tbody", {});
  #concert;

  constructor(concert_id) {
    this.#concert = concert_id;
    const names = ["date", "free", "held", "sold", "blocked", "takings"];
    const head = names.map((name) => h("th", { scope: "col" }, t("col." + name)));
    const scroll = { class: "scroll", tabindex: "0", role: "region", "aria-label": t("col.dates") };
    this.element = h(
      "section",
      { class: "card" },
      h("h2", {}, t("col.dates")),
      h("div", scroll, h("table", {}, h("thead", {}, h("tr", {}, head)), this.#body)),
    );
  }

  // What has the focus stays in the page.
  hear({ report }) {
    const rows = [...this.#body.rows];
    if (rows.length !== report.performances.length) {
      this.#body.replaceChildren(...report.performances.map((one) => this.#row(one)));
      return;
    }
    report.performances.forEach((one, i) => {
      this.#texts(one).forEach((text, at) => set_text(rows[i].cells[at + 1], text));
    });
  }

  #texts({ seats, takings }) {
    const counts = [seats.free, seats.held, seats.sold, seats.blocked].map(number_text);
    return [...counts, money_text(takings)];
  }

  #row(one) {
    const path = `#/${this.#concert}/seats/${one.performance_id}`;
    const date = h("th", { scope: "row" }, link(path, starts_text(one.starts_at)));
    const cells = this.#texts(one).map((text) => h("td", { class: "number" }, text));
    return h("tr", {}, date, cells);
  }
}

// --- files to take away

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const anchor = h("a", { href: url, download: name, hidden: true });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function size_text(bytes) {
  const unit = bytes < 1_000_000 ? "kilobyte" : "megabyte";
  const value = bytes / (unit === "kilobyte" ? 1_000 : 1_000_000);
  return new Intl.NumberFormat(current_locale(), {
    style: "unit",
    unit,
    maximumFractionDigits: 1,
  }).format(value);
}

function downloads(app, live, concert_id) {
  const notices = new OperatorNotices();
  const button = (what) =>
    work_button(
      t("download." + what),
      t("download.working"),
      notices,
      async () => {
        const path = `/admin/v1/concerts/${concert_id}/${what}.csv`;
        const progress = notice("info", t("download.working"));
        notices.show(progress);
        const blob = await app.api.download(path, (bytes) =>
          set_text(progress, t("download.so_far", { size: size_text(bytes) })),
        );
        const name = file_name(live.report?.title ?? "", what, new Date().toISOString());
        save(new Blob([MARK, blob], { type: blob.type }), name);
        notices.show(notice("good", t("download.done"), name));
      },
      { class: "" },
    );
  return h(
    "section",
    { class: "card stack" },
    h("h2", {}, t("download.heading")),
    h("p", { class: "quiet" }, t("download.about")),
    h("p", { class: "actions" }, button("sales"), button("events")),
    notices.element,
  );
}

// --- all of it

function charts_of() {
  const people = new Chart(t("chart.people"), [
    { name: t("live.waiting"), text_of: number_text },
    { name: t("live.admitted"), text_of: number_text },
  ]);
  const seats = new Chart(t("chart.seats"), [
    { name: t("live.sold"), text_of: number_text },
    { name: t("live.held"), text_of: number_text },
  ]);
  const rate = new Chart(t("chart.rate"), [{ name: t("live.rate"), text_of: rate_text }]);
  let currency = "KRW";
  const takings = new Chart(t("chart.takings"), [
    { name: t("live.takings"), text_of: (amount) => money_text({ amount, currency }) },
  ]);
  return {
    elements: [people, seats, rate, takings].map(({ element }) => element),
    hear({ history, report }) {
      currency = report.takings.currency;
      const line = (name) => history.samples.map((one) => ({ at: one.at, value: one[name] }));
      people.show([line("waiting"), line("admitted")]);
      seats.show([line("sold"), line("held")]);
      rate.show([history.rates().map((one) => ({ at: one.at, value: one.rate }))]);
      takings.show([line("takings")]);
    },
  };
}

export function live_view(app, concert_id, signal) {
  const live = app.live(concert_id);
  const head = new ConcertHead(concert_id, "live");
  const trouble = h("div", { class: "notices stack" });
  const tiles = new Tiles();
  const charts = charts_of();
  const table = new HistoryTable();
  const dates = new Dates(concert_id);
  const waits = loading();
  const body = h(
    "div",
    { class: "stack" },
    tiles.element,
    h("div", { class: "charts" }, charts.elements),
    table.element,
    dates.element,
    downloads(app, live, concert_id),
  );
  show(body, false);
  const hear = () => {
    if (!live.report) return;
    trouble.replaceChildren();
    show(waits, false);
    show(body, true);
    head.hear({ title: live.report.title, sale: live.room.sale });
    for (const part of [tiles, charts, table, dates]) part.hear(live);
  };
  live.listen(signal, hear, () => {
    show(waits, false);
    if (trouble.childElementCount) return; // said already
    const since = live.history.last;
    trouble.replaceChildren(
      problem_notice(live.problem),
      ...(since
        ? [h("p", { class: "quiet" }, t("live.since", { time: time_of_day_text(since.at) }))]
        : []),
    );
  });
  return [head.element, trouble, waits, body];
}
