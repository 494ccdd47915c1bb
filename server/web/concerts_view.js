// What is on sale.
import { h } from "./dom.js";
import { moment_text } from "./format.js";
import { t } from "./i18n.js";
import { heading, notice, problem_notice } from "./ui.js";

const LOOK_AGAIN_MS = 15_000;

function action_text(concert, has_token) {
  if (has_token) return t("concerts.return");
  const is_over = concert.sale === "closed" || concert.sale === "sold_out";
  return t(is_over ? "concerts.look" : "concerts.get");
}

function card(app, concert) {
  const has_token = app.store.get("token." + concert.concert_id) !== null;
  const id = "concert-" + concert.concert_id;
  const is_over = concert.sale === "closed" || concert.sale === "sold_out";
  return h(
    "li",
    { class: "card concert" },
    h("p", { class: "sale " + concert.sale }, t("sale." + concert.sale)),
    h("h2", { id }, concert.title),
    h("p", { class: "quiet" }, concert.venue),
    concert.sale === "scheduled" && concert.opens_at
      ? h("p", {}, t("concerts.opens", { time: moment_text(concert.opens_at) }))
      : null,
    concert.waiting > 0
      ? h("p", { class: "quiet" }, t("concerts.waiting", { n: concert.waiting }))
      : null,
    h(
      "a",
      {
        class: is_over && !has_token ? "button" : "button primary",
        href: "#/" + concert.concert_id,
        "aria-describedby": id,
      },
      action_text(concert, has_token),
    ),
  );
}

export function concerts_view(app, signal) {
  const list = h("div", {}, h("p", { class: "loading", role: "status" }, t("page.loading")));
  let told = "";

  async function look() {
    try {
      const { data } = await app.api.call("GET", "/v1/concerts");
      // What has not changed is left alone, and so is whatever has the focus.
      if (signal.aborted || told === JSON.stringify(data)) return;
      told = JSON.stringify(data);
      const cards = data.concerts.map((concert) => card(app, concert));
      const focused = list.contains(document.activeElement) && document.activeElement.hash;
      list.replaceChildren(
        cards.length
          ? h("ul", { class: "cards" }, cards)
          : notice("info", t("concerts.none"), t("concerts.none.do")),
      );
      if (focused) list.querySelector(`a[href="${focused}"]`)?.focus();
    } catch (problem) {
      if (!problem.code) throw problem;
      if (signal.aborted || told) return;
      const again = h(
        "button",
        { type: "button", class: "primary", onclick: look },
        t("page.try_again"),
      );
      list.replaceChildren(problem_notice(problem, again));
    }
  }

  const timer = setInterval(look, LOOK_AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  look();
  return [heading(t("concerts.heading")), list];
}
