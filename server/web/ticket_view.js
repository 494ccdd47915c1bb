// What was bought, to be looked at, printed, shown at the door, and given back where that is allowed.
import { h } from "./dom.js";
import { date_text, moment_text, money_text, starts_text } from "./format.js";
import { t } from "./i18n.js";
import { seat_name } from "./seat_text.js";
import { ticket_code } from "./ticket_code.js";
import { ask, heading, NoticePlace, notice, work_button } from "./ui.js";

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

function foot(text) {
  return h("p", { class: "quiet foot" }, text);
}

// `signed`: of the server, or null for a payment that has no ticket.
function ticket({ concert, payment, signed, when, refund }) {
  const is_refunded = payment.status === "refunded";
  const state = is_refunded
    ? t("ticket.refunded", { time: moment_text(payment.refunded_at) })
    : t("ticket.paid", { amount: money_text(payment.amount), time: moment_text(payment.paid_at) });
  return h(
    "article",
    { class: is_refunded ? "card ticket refunded" : "card ticket" },
    h(
      "div",
      { class: "told" },
      h("h2", {}, concert.title),
      h("p", { class: "quiet" }, concert.venue),
      by_performance(payment).map(([performance, seats]) => [
        h("h3", {}, when(performance)),
        h("ul", { class: "seats" }, seats.map(seat_line)),
      ]),
      foot(state),
      foot(t("ticket.number", { id: payment.payment_id })),
    ),
    signed ? ticket_code(signed.ticket) : null,
    refund
      ? h(
          "p",
          { class: "actions" },
          refund,
          h(
            "span",
            { class: "quiet" },
            t("ticket.refund.until", { time: moment_text(payment.refundable_until) }),
          ),
        )
      : null,
  );
}

export function ticket_view(app, visit, signal) {
  const notices = new NoticePlace();
  const title = heading(t("ticket.heading"));
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
      app.go(visit);
    },
    { class: "" },
  );

  function refund_button(payment) {
    const until = payment.refundable_until;
    if (!until || Date.parse(until) < app.clock.now()) return null;
    const amount = money_text(payment.amount);
    const give_back = async () => {
      const question = t("ticket.refund.ask", { amount });
      const is_wanted = await ask(
        question,
        t("ticket.refund.ask.detail"),
        t("ticket.refund.yes"),
        t("ticket.refund.no"),
      );
      if (!is_wanted) return;
      const { balance } = await visit.refund(payment.payment_id);
      await load();
      notices.show(
        notice("good", t("ticket.refund.done", { amount, balance: money_text(balance) })),
      );
      title.focus();
    };
    const label = t("ticket.refund");
    return work_button(label, t("ticket.refund.working"), notices, give_back, { class: "danger" });
  }

  // A user's payments are of all concerts.
  async function find() {
    const [payments, reservations] = await Promise.all([
      visit.load_payments(),
      visit.load_reservations(),
    ]);
    const dates = new Map(reservations.map((one) => [one.performance_id, one.date]));
    // Money from outside that is on its way, or did not come, has bought nothing.
    const own = payments.filter(
      (one) => one.paid_at !== null && one.seats.some((seat) => dates.has(seat.performance_id)),
    );
    const signed = await Promise.all(own.map((payment) => visit.load_ticket(payment)));
    return { dates, own, signed };
  }

  function show({ dates, own, signed }) {
    const starts = new Map(
      signed.flatMap((one) => one?.dates ?? []).map((one) => [one.performance_id, one.starts_at]),
    );
    const when = (performance) => {
      const starts_at = starts.get(performance) ?? visit.known_date(performance)?.starts_at;
      if (starts_at) return starts_text(starts_at);
      return dates.has(performance) ? date_text(dates.get(performance)) : "";
    };
    const tickets = own.map((payment, i) =>
      ticket({
        concert: visit.concert,
        payment,
        signed: signed[i],
        when,
        refund: refund_button(payment),
      }),
    );
    list.replaceChildren(...(tickets.length ? tickets : [notice("info", t("ticket.none"))]));
    print.hidden = !signed.some(Boolean);
  }

  async function load() {
    const found = await find();
    if (!signal.aborted) show(found);
    return found;
  }

  async function begin() {
    try {
      const { own } = await load();
      if (own[0]?.status === "completed") notices.show(notice("good", t("ticket.thanks")));
    } catch (problem) {
      if (!problem.code) throw problem;
      if (signal.aborted) return;
      const retry = h(
        "button",
        { type: "button", class: "primary", onclick: begin },
        t("page.try_again"),
      );
      list.replaceChildren();
      notices.problem(problem, retry);
    }
  }

  begin();
  return [
    title,
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
