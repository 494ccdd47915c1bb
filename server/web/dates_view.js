// Which date?
import { h } from "./dom.js";
import { starts_text } from "./format.js";
import { t } from "./i18n.js";
import { turn_bar } from "./turn_bar.js";
import { concert_heading, NoticePlace, notice } from "./ui.js";

function row(visit, date) {
  const id = "date-" + date.performance_id;
  const { seats_available: n, seats_total: total } = date;
  const choose = h(
    "a",
    {
      class: "button primary",
      href: `#/${visit.id}/seats/${date.performance_id}`,
      "aria-describedby": id,
    },
    t("dates.choose"),
  );
  return h(
    "li",
    { class: "card date" },
    h(
      "div",
      {},
      h("h2", { id }, starts_text(date.starts_at)),
      h("p", { class: "quiet" }, n > 0 ? t("dates.free", { n, total }) : t("sale.sold_out")),
    ),
    n > 0 ? choose : null,
  );
}

export function dates_view(app, visit, signal) {
  const notices = new NoticePlace();
  const list = h("ul", { class: "cards rows" });
  const loading = h("p", { class: "loading", role: "status" }, t("page.loading"));
  let told = "";
  let is_asked = false;

  async function look() {
    if (is_asked) return;
    is_asked = true;
    try {
      const dates = await visit.load_dates();
      if (signal.aborted || told === JSON.stringify(dates)) return;
      told = JSON.stringify(dates);
      const focused = list.contains(document.activeElement) && document.activeElement.hash;
      list.replaceChildren(...dates.map((date) => row(visit, date)));
      if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
      notices.clear();
      if (dates.some((date) => date.seats_available > 0)) return;
      notices.show(notice("info", t("dates.none"), t("dates.none.do")));
    } catch (problem) {
      if (!problem.code) throw problem;
      const again = h("button", { type: "button", onclick: look }, t("page.try_again"));
      if (!signal.aborted) notices.problem(problem, again);
    } finally {
      is_asked = false;
      loading.remove();
    }
  }

  // Seats come and go many times a second, and here they are only counted.
  const timer = setInterval(look, 5_000);
  signal.addEventListener("abort", () => clearInterval(timer));
  look();
  return [
    turn_bar(app, visit, signal),
    concert_heading(t("dates.heading"), visit.concert),
    notices.element,
    loading,
    list,
  ];
}
