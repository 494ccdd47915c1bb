// What is held, the wallet, and the payment.
import { h, set_text, show } from "./dom.js";
import { money_text } from "./format.js";
import { HoldCard } from "./hold_card.js";
import { t } from "./i18n.js";
import { turn_bar } from "./turn_bar.js";
import { concert_heading, every, NoticePlace, notice, relabel, work_button } from "./ui.js";
import { WalletCard } from "./wallet_card.js";

export function checkout_view(app, visit, signal) {
  const notices = new NoticePlace();
  const cards = h("div", { class: "holds-list" });
  const shown = new Map(); // HoldCard by reservation
  const total = h("strong", {});
  const short = h("p", { class: "short", role: "status" });
  const wallet = new WalletCard({ visit, on_balance: refresh_payment });
  const pay = work_button(t("checkout.pay.heading"), t("checkout.paying"), notices, pay_all, {
    class: "primary large",
  });
  const payment = h(
    "section",
    { class: "card payment" },
    h("h2", {}, t("checkout.pay.heading")),
    h("p", { class: "line-up" }, h("span", {}, t("checkout.total")), total),
    short,
    h("p", {}, pay),
  );
  const none = h(
    "div",
    { class: "card" },
    h("p", {}, h("strong", {}, t("checkout.none")), " ", t("checkout.none.do")),
  );
  const choose = h("a", { class: "button", href: `#/${visit.id}/dates` });

  function sum() {
    return visit.holds.reduce((amount, hold) => amount + hold.total.amount, 0);
  }

  function refresh_payment() {
    const has_holds = visit.holds.length > 0;
    show(payment, has_holds);
    show(none, !has_holds);
    set_text(choose, t(has_holds ? "checkout.more" : "checkout.choose"));
    choose.className = has_holds ? "button" : "button primary";
    if (!has_holds) return wallet.suggest(0);
    const { currency } = visit.holds[0].total;
    const amount = { amount: sum(), currency };
    set_text(total, money_text(amount));
    relabel(pay, t("checkout.pay", { amount: money_text(amount) }));
    const missing = wallet.balance ? Math.max(0, amount.amount - wallet.balance.amount) : 0;
    set_text(
      short,
      missing > 0 ? t("checkout.short", { amount: money_text({ amount: missing, currency }) }) : "",
    );
    show(short, missing > 0);
    show(pay, missing === 0);
    wallet.suggest(missing);
  }

  function refresh(ended = []) {
    const held = new Set(visit.holds.map((hold) => hold.reservation_id));
    for (const [id, card] of shown) {
      if (held.has(id)) continue;
      card.element.remove();
      shown.delete(id);
    }
    for (const hold of visit.holds) {
      if (shown.has(hold.reservation_id)) shown.get(hold.reservation_id).update(hold);
      else add(hold);
    }
    refresh_payment();
    for (const hold of ended) tell_ended(hold);
  }

  function add(hold) {
    const on_over = () => visit.load_holds().catch(() => {}); // The stream tells it as well.
    const card = new HoldCard({ app, visit, hold, notices, on_over });
    shown.set(hold.reservation_id, card);
    cards.append(card.element);
  }

  function tell_ended({ status }) {
    if (status === "expired") {
      notices.show(notice("warn", t("checkout.expired"), t("checkout.expired.do")));
    } else if (status === "released") {
      notices.show(notice("info", t("checkout.released")));
    }
  }

  async function pay_all() {
    const paid = await visit.pay(visit.holds.map((hold) => hold.reservation_id));
    if (paid.status === "authorizing") notices.show(notice("info", t("checkout.pending")));
    await visit.look();
    app.go(visit, "/ticket");
  }

  visit.addEventListener("holds", ({ detail }) => refresh(detail ?? []), { signal });
  every(1_000, () => shown.forEach((card) => card.tick()), signal);
  const dates = visit.dates.length ? Promise.resolve() : visit.load_dates();
  dates.catch(() => {}).then(() => signal.aborted || refresh()); // Without them: the date alone.

  return [
    turn_bar(app, visit, signal, { links_to_holds: false }),
    concert_heading(t("checkout.heading"), visit.concert),
    notices.element,
    h(
      "div",
      { class: "checkout" },
      h("div", {}, cards, none, h("p", {}, choose)),
      h("div", {}, wallet.element, payment),
    ),
  ];
}
