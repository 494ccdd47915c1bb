// Events as a readable history: when, what happened in words, and the ids of who and what to
// follow.
import { h } from "../dom.js";
import { moment_text, money_text } from "../format.js";
import { current_locale, t } from "../i18n.js";
import { told, with_ids } from "./told.js";

// Milliseconds matter where one asks what came first.
function exact_time(at) {
  return new Intl.DateTimeFormat(current_locale(), {
    dateStyle: "medium",
    timeStyle: "medium",
  }).format(new Date(at));
}

export function id_link(id, text = id) {
  return h("a", { class: "id", href: "#/find/" + id, title: id }, text);
}

function short(id) {
  return id.slice(0, 8) + "…";
}

function sentence({ name, values }) {
  const { seats, amount, balance, until, place, size, ...texts } = values;
  return t(name, {
    ...texts,
    n: name === "told.room.drawn" ? size : seats.length,
    seats: seats.join(", "),
    amount: amount ? money_text(amount) : "",
    balance: balance ? money_text(balance) : "",
    until: until ? moment_text(until) : "–",
    place: place === null ? "–" : String(place),
  });
}

function thing({ kind, id }) {
  return h("li", {}, t("kind." + kind), " ", id_link(id, short(id)));
}

export function history_list(events, own_id) {
  const items = events.map((event) => {
    const story = told(event);
    const things = story.things.filter(({ id }) => id !== own_id);
    const place = story.values.place;
    const of_place = place === null ? null : h("li", {}, t("told.place", { place: String(place) }));
    return h(
      "li",
      {},
      h("time", { datetime: event.at, title: event.at, class: "number" }, exact_time(event.at)),
      h(
        "div",
        {},
        h("p", {}, sentence(story)),
        h("ul", { class: "things quiet" }, [...things.map(thing), of_place].filter(Boolean)),
      ),
    );
  });
  return h("ol", { class: "history" }, items);
}

// As the server says it, with ids that can be followed.
export function state_line(state, own_id) {
  const parts = with_ids(state).map((part) =>
    part.id && part.id !== own_id ? id_link(part.id) : (part.text ?? part.id),
  );
  return h("p", { class: "state", lang: "en" }, parts);
}
