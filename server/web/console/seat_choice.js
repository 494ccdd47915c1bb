// The seats that an operator has chosen, and what may be done with them: block, unblock, see what
// happened to one, release the hold that it is in.
import { h, set_text, show } from "../dom.js";
import { t } from "../i18n.js";
import { seat_name } from "../seat_text.js";
import { ask, link, notice, work_button } from "../ui.js";
import { history_list, state_line } from "./history_list.js";
import { problem_notice } from "./pieces.js";
import { state_of } from "./seat_look.js";
import { holder_of } from "./told.js";

// Of the API: so many are blocked at once.
const MOST = 1_000;
const NAMED = 12;
const EVENTS = 50;

export class SeatChoice {
  #app;
  #hall;
  #chosen;
  #performance;
  #notices;
  #on_change;
  #reload;
  #sum = h("p", { role: "status" });
  #block;
  #unblock;
  #buttons;
  #about = h("div", { class: "stack" });
  #asked = null; // of which seat the history is shown, in which state

  // on_change(seats) draws those anew; reload() asks the server for all.
  constructor({ app, hall, chosen, performance, notices, on_change, reload }) {
    this.#app = app;
    this.#hall = hall;
    this.#chosen = chosen;
    this.#performance = performance;
    this.#notices = notices;
    this.#on_change = on_change;
    this.#reload = reload;
    this.#block = this.#work("choice.block", "choice.blocking", () => this.#set(true));
    this.#unblock = this.#work("choice.unblock", "choice.unblocking", () => this.#set(false));
    const button = (name, work) => h("button", { type: "button", onclick: work }, t(name));
    this.#buttons = h(
      "p",
      { class: "actions" },
      this.#block,
      this.#unblock,
      button("choice.row", () => this.#add((seat) => seat.in_row.seats)),
      button("choice.section", () => this.#add((seat) => seat.in_section.seats)),
      button("choice.clear", () => this.#clear()),
    );
    const heading = h("h2", {}, t("choice.heading"));
    this.element = h(
      "section",
      { class: "card stack" },
      heading,
      this.#sum,
      this.#buttons,
      this.#about,
    );
  }

  #work(name, working, work) {
    return work_button(t(name), t(working), this.#notices, work, { class: "" });
  }

  get #seats() {
    return [...this.#chosen].map((number) => this.#hall.seat(number));
  }

  toggle(seat) {
    if (!this.#chosen.delete(seat.number)) this.#take([seat]);
    this.#on_change([seat]);
  }

  #take(seats) {
    for (const { number } of seats) {
      if (this.#chosen.size >= MOST) {
        this.#notices.show(notice("warn", t("choice.most", { n: MOST })));
        return;
      }
      this.#chosen.add(number);
    }
  }

  // What is in the row, or the section, of the seat that was chosen last.
  #add(all_of) {
    const seats = all_of(this.#seats.at(-1));
    this.#take(seats);
    this.#on_change(seats);
  }

  #clear() {
    const seats = this.#seats;
    this.#chosen.clear();
    this.#on_change(seats);
  }

  // Those seats are another now, or the choice is.
  hear(changed) {
    const seats = this.#seats;
    const names = seats.slice(0, NAMED).map(seat_name).join("; ");
    const more = seats.length - NAMED;
    const text = seats.length
      ? t("choice.sum", { n: seats.length, seats: names }) + (more > 0 ? " …" : "")
      : t("choice.none");
    set_text(this.#sum, text);
    show(this.#buttons, seats.length > 0);
    const has = (states) => seats.some((seat) => states.includes(state_of(seat)));
    show(this.#block, has(["available", "allotted"]));
    show(this.#unblock, has(["blocked"]));
    const only = seats.length === 1 ? seats[0] : null;
    const asked = only && `${only.number} ${only.status}`;
    if (asked === this.#asked && !changed.includes(only)) return;
    this.#asked = asked;
    if (only) this.#explain(only);
    else this.#about.replaceChildren();
  }

  async #set(blocked) {
    const seats = this.#seats.filter((seat) =>
      blocked ? seat.status === "available" : seat.status === "blocked",
    );
    const body = { seats: seats.map(({ number }) => number), blocked };
    const path = `/admin/v1/performances/${this.#performance}/block`;
    const { data } = await this.#app.api.call("POST", path, { body });
    this.#clear();
    const name = blocked ? "choice.blocked" : "choice.unblocked";
    this.#notices.show(notice("good", t(name, { n: data.changed })));
    await this.#reload();
  }

  // --- what happened to one

  async #explain(seat) {
    const path = `/admin/v1/explain/${this.#performance}?seat=${seat.number}&limit=${EVENTS}`;
    const is_still = () => this.#chosen.size === 1 && this.#chosen.has(seat.number);
    try {
      const { data } = await this.#app.api.call("GET", path);
      if (is_still()) this.#tell(seat, data);
    } catch (problem) {
      if (!problem.code) throw problem;
      if (is_still()) this.#about.replaceChildren(problem_notice(problem));
    }
  }

  #tell(seat, { state, events }) {
    const holder = seat.status === "held" ? holder_of(events, seat.number) : null;
    const release = work_button(
      t("choice.release"),
      t("choice.releasing"),
      this.#notices,
      () => this.#release(holder),
      { class: "danger" },
    );
    const path = `#/find/${this.#performance}/seat/${seat.number}`;
    this.#about.replaceChildren(
      h("h3", {}, t("choice.history", { seat: seat_name(seat) })),
      state_line(state),
      events.length ? history_list(events) : h("p", { class: "quiet" }, t("find.no_events")),
      h("p", { class: "actions" }, holder ? release : null, link(path, t("choice.more"))),
    );
  }

  async #release(reservation) {
    const sure = await ask(
      t("choice.release.sure"),
      t("choice.release.detail"),
      t("choice.release"),
      t("choice.release.keep"),
    );
    if (!sure) return;
    await this.#app.api.call("POST", `/admin/v1/reservations/${reservation}/release`);
    this.#notices.show(notice("good", t("choice.released")));
    await this.#reload();
  }
}
