// What happened to one thing, by its id: a user, a place, a seat, a reservation, a payment, a
// transfer, a performance or a concert.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { heading, notice, work_button } from "../ui.js";
import { history_list, state_line } from "./history_list.js";
import { field, loading, OperatorNotices, problem_notice, text_input } from "./pieces.js";
import { parse_search } from "./told.js";

function query_of({ id, seat, place }) {
  const more = seat ? `?seat=${seat}` : place ? `?place=${place}` : "";
  return `/admin/v1/explain/${id}${more}`;
}

function address_of({ id, seat, place }) {
  const more = seat ? "/seat/" + seat : place ? "/place/" + place : "";
  return "/find/" + id + more;
}

function typed_text({ id, seat, place }) {
  return id + (seat ? " seat " + seat : place ? " #" + place : "");
}

function title_of({ kind }, { seat, place }) {
  if (kind === "seat") return t("find.seat", { number: seat });
  if (kind === "place") return t("find.place", { number: place });
  return t("kind." + kind);
}

function answer_of(data, asked) {
  const hidden = data.total - data.events.length;
  return [
    h(
      "section",
      { class: "card stack" },
      h("h2", {}, title_of(data, asked)),
      h("p", { class: "id quiet" }, data.id),
      state_line(data.state, data.id),
      hidden > 0 ? notice("info", t("find.hidden", { n: hidden })) : null,
      data.events.length
        ? history_list(data.events, data.id)
        : h("p", { class: "quiet" }, t("find.no_events")),
    ),
  ];
}

// `asked`: { id, seat, place }, or null.
export function find_view(app, asked, signal) {
  const notices = new OperatorNotices();
  const place = h("div", { class: "stack" });
  const input = text_input("find", asked ? typed_text(asked) : "", { spellcheck: "false" });
  const load = async (what) => {
    place.replaceChildren(loading());
    try {
      const { data } = await app.api.call("GET", query_of(what));
      if (!signal.aborted) place.replaceChildren(...answer_of(data, what));
    } catch (problem) {
      if (!problem.code) throw problem;
      if (!signal.aborted) place.replaceChildren(problem_notice(problem));
    }
  };
  const button = work_button(t("find.do"), t("find.doing"), notices, async () => {
    const typed = parse_search(input.value);
    if (!typed) return notices.show(notice("warn", t("find.unclear"), t("find.hint")));
    const address = address_of(typed);
    if (location.hash === "#" + address) await load(typed);
    else app.go(address);
  });
  const submit = (event) => {
    event.preventDefault();
    button.click();
  };
  if (asked) load(asked);
  return [
    h(
      "div",
      { class: "title" },
      heading(t("find.heading")),
      h("p", { class: "quiet" }, t("find.about")),
    ),
    h(
      "form",
      { class: "card fields", role: "search", onsubmit: submit },
      field(t("find.label"), input, t("find.hint")),
      h("div", { class: "beside" }, button),
    ),
    notices.element,
    place,
  ];
}
