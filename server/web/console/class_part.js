// The classes of a room's line: their weights, whether the seats allotted to them are kept, and
// others that follow after the last. Those that there are stay: places are in them.
import { h, show } from "../dom.js";
import { t } from "../i18n.js";
import { classes_of } from "./effects.js";
import { CheckField, NumberField, TextField, WHOLE } from "./fields.js";

// As the server takes them.
const CLASSES_MAX = 16;

function known_row({ name, weight, allotment }, i) {
  const input = new NumberField(`/classes/${i}/weight`, WHOLE, t("limits.weight", { name }), {
    is_needed: true,
  });
  const kept = new CheckField(`/classes/${i}/allotment`, t("limits.kept", { name }));
  input.fill(weight);
  kept.fill(allotment === "kept");
  return {
    fields: [input, kept],
    element: h(
      "div",
      { class: "fields class", role: "group", "aria-label": name },
      input.element,
      h("div", { class: "beside" }, kept.element),
    ),
    read: (faults) => ({
      name,
      weight: input.read(faults),
      allotment: kept.checked ? "kept" : "released",
    }),
  };
}

function new_row(i) {
  const title = t("class.new", { number: String(i + 1) });
  const name = new TextField(`/classes/${i}/name`, t("class.name"), { hint: t("class.name.hint") });
  const weight = new NumberField(`/classes/${i}/weight`, WHOLE, t("class.weight"), {
    hint: t("class.weight.hint"),
    is_needed: true,
  });
  weight.fill(1);
  return {
    fields: [name, weight],
    element: h(
      "div",
      { class: "fields class", role: "group", "aria-label": title },
      name.element,
      weight.element,
    ),
    read: (faults) => ({ name: name.read(faults), weight: weight.read(faults), allotment: "kept" }),
  };
}

export function classes_part() {
  let rows = [];
  let known = 0; // of them
  const list = h("div", { class: "classes" });
  const more = h("button", { type: "button", onclick: () => add() }, t("class.more"));
  const fewer = h("button", { type: "button", onclick: () => take_back() }, t("class.fewer"));
  const has_new = () => rows.length > known;

  // One that stands alone has nothing to share with.
  function show_rows() {
    list.replaceChildren(...rows.map((row) => row.element));
    show(list, rows.length > 1);
    show(more, rows.length < CLASSES_MAX);
    show(fewer, has_new());
  }

  function changed() {
    show_rows();
    list.dispatchEvent(new Event("input", { bubbles: true })); // as when somebody types
  }

  function add() {
    rows.push(new_row(rows.length));
    changed();
    rows.at(-1).fields[0].input.focus();
  }

  function take_back() {
    rows.pop();
    changed();
    more.focus();
  }

  const standing = ({ room }) => room?.classes ?? [];
  let stands = [];
  return {
    title: t("limits.classes"),
    about: t("class.about"),
    element: h("div", { class: "stack" }, list, h("p", { class: "actions" }, more, fewer)),
    get fields() {
      return rows.flatMap(({ fields }) => fields);
    },
    standing,
    fill(now) {
      stands = standing(now);
      rows = classes_of(now.room).map(known_row);
      known = rows.length;
      show_rows();
    },
    // A room that names none stays so until there is a second.
    read: (faults) => ({
      classes: rows.length > 1 ? rows.map((row) => row.read(faults)) : stands,
    }),
  };
}
