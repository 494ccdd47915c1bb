// What a JSON schema says, in the shape in which it is shown. `resolve` follows a $ref.
//
//   { types: ["integer"], is_nullable: false, description, format, limits: { minimum: 1 },
//     values: ["held", "paid"], fallback, examples: [7],
//     fields: [{ name, is_required, schema }], items, others, parts, joined_by, rules }
//
// `items` is the schema of a list's items, `others` that of fields of any name; `parts` are
// alternatives, joined by "one" or "any"; `rules` say which fields go together.

const LIMITS = [
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "pattern",
];

const ALTERNATIVES = [
  ["oneOf", "one"],
  ["anyOf", "any"],
];

const is_null = (schema) => schema.type === "null";

// Says no more than which fields must, or must not, be there.
function is_rule(schema) {
  return !("type" in schema) && ("required" in schema || is_rules(schema));
}

function is_rules(schema) {
  return ALTERNATIVES.some(([key]) => schema[key]?.every(is_rule));
}

// [[["best"]], [["seats"], ["areas"]]]: what to choose from; with what must be absent as "!plan".
function choices(rules) {
  return rules.map((rule) => {
    if (is_rules(rule)) return choices(rule.oneOf ?? rule.anyOf).flat();
    const absent = Object.entries(rule.properties ?? {}).filter(([, one]) => one === false);
    return [[...rule.required, ...absent.map(([name]) => "!" + name)]];
  });
}

function listed(value) {
  return Array.isArray(value) ? value : [value];
}

export function shape_of(given, resolve) {
  const schema = resolve(given);
  const types = "type" in schema ? listed(schema.type) : [];
  const shape = {
    types: types.filter((type) => type !== "null"),
    is_nullable: types.includes("null"),
    description: schema.description,
    format: schema.format,
    limits: Object.fromEntries(
      LIMITS.flatMap((key) => (key in schema ? [[key, schema[key]]] : [])),
    ),
    values: "const" in schema ? [schema.const] : (schema.enum ?? []),
    fallback: schema.default,
    examples: schema.examples ?? ("example" in schema ? [schema.example] : []),
    fields: Object.entries(schema.properties ?? {}).map(([name, one]) => ({
      name,
      is_required: schema.required?.includes(name) ?? false,
      schema: one,
    })),
    items: schema.items ?? null,
    others: typeof schema.additionalProperties === "object" ? schema.additionalProperties : null,
    parts: [],
    joined_by: null,
    rules: [],
  };
  for (const part of schema.allOf ?? []) {
    const { types: more, fields } = shape_of(part, resolve);
    shape.types = [...new Set([...shape.types, ...more])];
    shape.fields.push(...fields);
  }
  for (const [key, joined_by] of ALTERNATIVES) {
    if (key in schema) add_alternatives(shape, schema[key], joined_by, resolve);
  }
  return shape;
}

function add_alternatives(shape, parts, joined_by, resolve) {
  if (parts.every(is_rule)) {
    shape.rules = choices(parts);
    return;
  }
  const real = parts.filter((part) => !is_null(part));
  shape.is_nullable ||= real.length < parts.length;
  if (real.length > 1) {
    shape.parts = real;
    shape.joined_by = joined_by;
    return;
  }
  // Something or null: it is shown as that, and what is said here goes before what it says itself.
  const inner = shape_of(real[0], resolve);
  const { description, is_nullable } = shape;
  Object.assign(shape, inner, { is_nullable: is_nullable || inner.is_nullable });
  shape.description = description ?? inner.description;
}
