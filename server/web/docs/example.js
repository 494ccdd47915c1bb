// A value that a schema allows, of the examples in it: what a body may look like.
//
//   example_of(schema, (one) => description.shape(one))

const OF_FORMAT = {
  date: "2026-12-24",
  "date-time": "2026-12-01T10:00:00.000Z",
  uuid: "8f14e45f-ceea-467f-a0e6-3a1b5c3d7e91",
};

function of_type(shape) {
  switch (shape.types[0]) {
    case "integer":
    case "number":
      return shape.limits.minimum ?? 0;
    case "boolean":
      return true;
    case "string":
      return OF_FORMAT[shape.format] ?? "text";
    default:
      return shape.is_nullable ? null : {};
  }
}

export function example_of(schema, shape_of) {
  const shape = shape_of(schema);
  if (shape.examples.length > 0) return shape.examples[0];
  if (shape.values.length > 0) return shape.values[0];
  if (shape.fallback !== undefined) return shape.fallback;
  if (shape.items) return [example_of(shape.items, shape_of)];
  if (shape.parts.length > 0) return example_of(shape.parts[0], shape_of);
  if (shape.fields.length > 0) {
    return Object.fromEntries(
      shape.fields.map(({ name, schema: one }) => [name, example_of(one, shape_of)]),
    );
  }
  return of_type(shape);
}
