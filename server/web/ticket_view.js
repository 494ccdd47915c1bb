// What was bought, to be looked at and printed.
import { h } from "./dom.js";
import { date_text, moment_text, money_text, starts_text } from "./format.js";
import { t } from "./i18n.js";
import { seat_name } from "./seat_text.js";
import { heading, NoticePlace, notice, work_button } from "./ui.js";

function by_performance(payment) {
  const groups = new Map();
  for (const seat of payment.seats) {
    if (!groups.has(seat.performance_id)) groups.set(seat.performance_id, []);
    groups.get(seat.performance_id).push(seat);
  }
  return [...groups];
}

function seat_line(seat) {
  return h("li", {}, h("strong", {}, seat_name(seat)), h("span", {}, money_text(seat.price)));
}

function ticket(visit, payment, when) {
  const is_refunded = payment.status === "refunded";
  const state = is_refunded
    ? t("ticket.refunded", { time: moment_text(payment.refunded_at) })
    : t("ticket.paid", { amount: money_text(payment.amount), time: moment_text(payment.paid_at) });
  return h(
    "article",
    { class: is_refunded ? "card ticket refunded" : "card ticket" },
    h("h2", {}, visit.concert.title),
    h("p", { class: "quiet" }, visit.concert.venue),
    by_performance(payment).map(([performance, seats]) => [
      h("h3", {}, when(performance)),
      h("ul", { class: "seats" }, seats.map(seat_line)),
    ]),
    h("p", { class: "quiet foot" }, state),
    h("p", { class: "quiet foot" }, t("ticket.number", { id: payment.payment_id })),
  );
}

export function ticket_view(app, visit, signal) {
  const notices = new NoticePlace();
  const list = h(
    "div",
    { class: "tickets" },
    h("p", { class: "loading", role: "status" }, t("page.loading")),
  );
  const print = h("button", { type: "button", onclick: () => window.print() }, t("ticket.print"));
  const is_over = visit.place.status !== "admitted" && visit.place.status !== "waiting";
  const again = work_button(
    t("ticket.again"),
    t("page.loading"),
    notices,
    async () => {
      await visit.join({ again: true });
      app.go("/" + visit.id);
    },
    { class: "" },
  );

  async function load() {
    try {
      const [payments, reservations] = await Promise.all([
        visit.load_payments(),
        visit.load_reservations(),
      ]);
      if (signal.aborted) return;
      const dates = new Map(reservations.map((one) => [one.performance_id, one.date]));
      const when = (performance) => {
        const date = visit.known_date(performance);
        if (date) return starts_text(date.starts_at);
        return dates.has(performance) ? date_text(dates.get(performance)) : "";
      };
      // A user's payments are of all concerts.
      const own = payments.filter((one) =>
        one.seats.some((seat) => dates.has(seat.performance_id)),
      );
      const tickets = own.map((payment) => ticket(visit, payment, when));
      list.replaceChildren(...(tickets.length ? tickets : [notice("info", t("ticket.none"))]));
      if (own[0]?.status === "completed") notices.show(notice("good", t("ticket.thanks")));
      print.hidden = tickets.length === 0;
    } catch (problem) {
      if (!problem.code) throw problem;
      if (signal.aborted) return;
      const retry = h(
        "button",
        { type: "button", class: "primary", onclick: load },
        t("page.try_again"),
      );
      list.replaceChildren();
      notices.problem(problem, retry);
    }
  }

  load();
  return [
    heading(t("ticket.heading")),
    notices.element,
    list,
    h(
      "p",
      { class: "actions" },
      print,
      is_over ? again : null,
      h("a", { class: "button", href: "#/" }, t("page.home")),
    ),
  ];
}
