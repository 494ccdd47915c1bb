// A schema as people read it: each field with its type, its words, its limits and what is below it.
//
//   schema_view(description, schema)
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { inline, paragraphs } from "./prose.js";

const code = (value) =>
  h("code", {}, typeof value === "string" && value ? value : JSON.stringify(value));

// [a, b, c] with `between` between them.
export function joined(nodes, between) {
  return nodes.flatMap((node, i) => (i === 0 ? [node] : [between, node]));
}

function type_name(description, shape) {
  const own = joined(shape.types, ` ${t("docs.or")} `).join("");
  const format = shape.format ? `${own} (${shape.format})` : own;
  if (!shape.items) return shape.parts.length > 0 && !own ? t("docs.several_kinds") : format;
  const items = type_name(description, description.shape(shape.items));
  return t("docs.list_of", { items });
}

function type_text(description, shape) {
  const name = type_name(description, shape) || t("docs.anything");
  return shape.is_nullable ? `${name} ${t("docs.or")} null` : name;
}

// The smallest and the largest, in one text where both are there.
function range(limits, least, most, name) {
  const [from, to] = [limits[least], limits[most]];
  if (from === undefined && to === undefined) return [];
  if (to === undefined) return [t("docs.from." + name, { n: from })];
  if (from === undefined) return [t("docs.to." + name, { n: to })];
  return [t("docs.range." + name, { from, n: to })];
}

function limits_of({ limits }) {
  return [
    ...range(limits, "minimum", "maximum", "value"),
    ...range(limits, "minLength", "maxLength", "length"),
    ...range(limits, "minItems", "maxItems", "items"),
    ...(limits.uniqueItems ? [t("docs.unique")] : []),
    ...(limits.pattern ? [h("span", {}, t("docs.pattern"), " ", code(limits.pattern))] : []),
  ];
}

function facts(shape, items) {
  const all = [...limits_of(shape), ...(items ? limits_of(items) : [])];
  const values = shape.values.length > 0 ? shape.values : (items?.values ?? []);
  if (values.length > 0) {
    const label = t(values.length > 1 ? "docs.one_of_values" : "docs.always");
    all.push(h("span", {}, label, " ", joined(values.map(code), ", ")));
  }
  if (shape.fallback !== undefined) {
    all.push(h("span", {}, t("docs.by_default"), " ", code(shape.fallback)));
  }
  const example = [...shape.examples, ...(items?.examples ?? [])].find((one) => one !== null);
  if (example !== undefined && values.length === 0) {
    all.push(h("span", {}, t("docs.for_example"), " ", code(example)));
  }
  return all.length === 0 ? null : h("p", { class: "facts-line" }, joined(all, " · "));
}

function rule_text(parts) {
  const named = parts.filter((name) => !name.startsWith("!")).map(code);
  const absent = parts.filter((name) => name.startsWith("!")).map((name) => code(name.slice(1)));
  const together = joined(named, " + ");
  if (absent.length === 0) return together;
  return [...together, ` ${t("docs.without")} `, ...joined(absent, ", ")];
}

function rules_view({ rules }) {
  if (rules.length === 0) return null;
  const texts = rules.map((any) =>
    h("li", {}, joined(any.map(rule_text), ` ${t("docs.and_or")} `)),
  );
  return h("div", { class: "rules" }, h("p", {}, t("docs.needs_one")), h("ul", {}, texts));
}

function row(description, name, is_required, schema) {
  const shape = description.shape(schema);
  const items = shape.items ? description.shape(shape.items) : null;
  return h(
    "li",
    {},
    h(
      "p",
      { class: "name-line" },
      name,
      h("span", { class: "type" }, type_text(description, shape)),
      is_required ? h("span", { class: "must" }, t("docs.required")) : null,
    ),
    shape.description ? h("p", { class: "quiet" }, inline(shape.description)) : null,
    facts(shape, items),
    below(description, shape),
  );
}

// The fields of an object or of a list's items, and the kinds that there are of it.
function below(description, shape) {
  if (shape.items) return below(description, description.shape(shape.items));
  const rows = shape.fields.map(({ name, is_required, schema }) =>
    row(description, h("code", { class: "field-name" }, name), is_required, schema),
  );
  if (shape.others) {
    const any = h("em", { class: "field-name" }, t("docs.any_name"));
    rows.push(row(description, any, false, shape.others));
  }
  return [
    rules_view(shape),
    rows.length > 0 ? h("ul", { class: "schema" }, rows) : null,
    kinds(description, shape),
  ];
}

function kinds(description, { parts, joined_by }) {
  if (parts.length === 0) return null;
  const label = t(joined_by === "one" ? "docs.one_of" : "docs.any_of");
  const rows = parts.map((part, i) =>
    row(description, h("span", { class: "kind" }, t("docs.kind", { n: i + 1 })), false, part),
  );
  return [h("p", { class: "kinds" }, label), h("ul", { class: "schema" }, rows)];
}

// A parameter or header field, which has a name as a schema's field has.
export function parameter_row(description, { name, required, description: words, schema }, where) {
  const shown = [
    h("code", { class: "field-name" }, name),
    where ? h("span", { class: "where" }, where) : null,
  ];
  return row(
    description,
    shown,
    required ?? false,
    words ? { description: words, ...schema } : schema,
  );
}

export function schema_view(description, schema) {
  const shape = description.shape(schema);
  const rows = below(description, shape);
  const is_plain = [rows].flat(2).every((one) => one === null);
  return h(
    "div",
    { class: "schema-top" },
    paragraphs(shape.description, { class: "quiet" }),
    is_plain || shape.items || shape.is_nullable
      ? h("p", {}, h("span", { class: "type" }, type_text(description, shape)))
      : null,
    is_plain ? facts(shape, null) : null,
    rows,
  );
}
