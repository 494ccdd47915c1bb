// All concerts, and the place to drop a file with another.
import { h } from "../dom.js";
import { moment_text } from "../format.js";
import { t } from "../i18n.js";
import { every, heading, link, notice } from "../ui.js";
import { ImportCard } from "./import_card.js";
import { badge, loading, problem_notice } from "./pieces.js";

const EVERY_MS = 3_000;

function row(concert) {
  const { concert_id, title, venue, sale, opens_at, waiting } = concert;
  const lines = [
    t("list.waiting", { n: waiting }),
    sale === "scheduled" && opens_at ? t("act.opens_at", { time: moment_text(opens_at) }) : "",
  ];
  return h(
    "li",
    { class: "card concert-row" },
    h(
      "div",
      {},
      h("h2", {}, link("#/" + concert_id, title)),
      h("p", { class: "quiet venue" }, venue),
    ),
    h(
      "div",
      { class: "standing" },
      badge(sale),
      h("p", { class: "quiet number" }, lines.filter(Boolean).join(" · ")),
    ),
  );
}

// The server's, as a report tells it; "" before there is a concert.
async function currency_of(app, concert) {
  if (!concert) return "";
  try {
    const { data } = await app.api.call("GET", `/admin/v1/concerts/${concert.concert_id}/report`);
    return data.takings.currency;
  } catch (problem) {
    if (!problem.code) throw problem;
    return "";
  }
}

export function concerts_view(app, signal) {
  const list = h("ul", { class: "stack" });
  const place = h("div", { class: "stack" }, loading());
  let etag = null;
  let first = null;
  let is_failing = false;
  const load = async () => {
    try {
      const answer = await app.api.call("GET", "/admin/v1/concerts", {
        etag: is_failing ? null : etag,
      });
      is_failing = false;
      if (signal.aborted || answer.status === 304) return;
      etag = answer.etag;
      const { concerts } = answer.data;
      first = concerts[0] ?? null;
      const had_focus = document.activeElement?.getAttribute("href");
      list.replaceChildren(...concerts.map(row).reverse());
      place.replaceChildren(
        concerts.length ? list : notice("info", t("list.none"), t("list.none.do")),
      );
      if (list.contains(document.activeElement)) return;
      if (had_focus) list.querySelector(`a[href="${had_focus}"]`)?.focus();
    } catch (problem) {
      if (!problem.code) throw problem;
      if (signal.aborted || is_failing) return;
      is_failing = true;
      place.replaceChildren(problem_notice(problem));
    }
  };
  const currency = () => currency_of(app, first);
  const card = new ImportCard(app, { currency, on_added: load });
  every(EVERY_MS, load, signal);
  return [heading(t("list.heading")), place, card.element];
}
