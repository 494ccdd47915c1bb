import assert from "node:assert/strict";
import { test } from "node:test";
import { Description, matches } from "../../server/web/docs/description.js";
import { example_of } from "../../server/web/docs/example.js";

const BUYERS = { url: "http://127.0.0.1:8080", description: "Buyers" };
const OPERATORS = { url: "http://127.0.0.1:8081", description: "Operators" };

// A description with one call that answers with this schema.
function describing(schema, schemas = {}) {
  return new Description({
    servers: [BUYERS, OPERATORS],
    tags: [{ name: "waiting room", description: "The line" }, { name: "unused" }],
    paths: {
      "/things/{id}": {
        servers: [{ url: OPERATORS.url }],
        parameters: [{ $ref: "#/components/parameters/Id" }],
        get: {
          operationId: "getThing",
          tags: ["waiting room"],
          summary: "One thing",
          parameters: [{ name: "last", in: "query", schema: { type: "integer" } }],
          responses: {
            200: { description: "It", content: { "application/json": { schema } } },
            404: { $ref: "#/components/responses/Unknown" },
          },
        },
      },
    },
    components: {
      parameters: { Id: { name: "id", in: "path", required: true, schema: { type: "string" } } },
      responses: { Unknown: { description: "None", "x-codes": ["unknown_thing"] } },
      schemas,
    },
  });
}

const shape = (schema, schemas) => describing({}, schemas).shape(schema);

test("a call has what stands at its path, and what references lead to", () => {
  const [group, unused] = describing({ type: "object" }).groups;
  assert.equal(group.id, "group-waiting-room");
  assert.deepEqual(unused.calls, []);
  const [call] = group.calls;
  assert.equal(call.method, "GET");
  assert.equal(call.path, "/things/{id}");
  assert.deepEqual(
    call.parameters.map(({ name }) => name),
    ["id", "last"],
  );
  assert.deepEqual(call.servers, [{ ...OPERATORS, side: "operators" }]);
  assert.deepEqual(
    call.answers.map(({ status }) => status),
    ["200", "404"],
  );
  assert.deepEqual(call.answers[1].codes, ["unknown_thing"]);
});

test("a call is found by its path, words, fields however deep, and codes: by all that are given", () => {
  const seat = { type: "object", properties: { row_number: { type: "integer" } } };
  const description = describing(
    {
      type: "object",
      properties: { seats: { type: "array", items: { $ref: "#/components/schemas/Seat" } } },
    },
    { Seat: seat },
  );
  const [call] = description.calls;
  for (const text of [
    "",
    "THINGS",
    "one thing",
    "row_number",
    "unknown_thing 404",
    "last waiting",
  ]) {
    assert.ok(matches(call, text), text);
  }
  for (const text of ["nothing", "row_number nothing"]) assert.ok(!matches(call, text), text);
});

test("what stands beside a reference is said of this use of it", () => {
  const schemas = { Count: { description: "A count", type: "integer", minimum: 0 } };
  const count = shape({ description: "People", $ref: "#/components/schemas/Count" }, schemas);
  assert.equal(count.description, "People");
  assert.deepEqual(count.types, ["integer"]);
  assert.deepEqual(count.limits, { minimum: 0 });
});

test("something or null is shown as that something", () => {
  const schemas = { Window: { type: "object", description: "Inner", properties: { a: {} } } };
  const schema = {
    description: "Outer",
    oneOf: [{ $ref: "#/components/schemas/Window" }, { type: "null" }],
  };
  const window = shape(schema, schemas);
  assert.ok(window.is_nullable);
  assert.equal(window.description, "Outer");
  assert.deepEqual(window.parts, []);
  assert.deepEqual(
    window.fields.map(({ name }) => name),
    ["a"],
  );
  assert.ok(shape({ type: ["string", "null"] }).is_nullable);
});

test("all of several schemas has the fields of each", () => {
  const schemas = { State: { type: "object", required: ["a"], properties: { a: {} } } };
  const all = shape(
    { allOf: [{ $ref: "#/components/schemas/State" }, { type: "object", properties: { b: {} } }] },
    schemas,
  );
  assert.deepEqual(
    all.fields.map(({ name, is_required }) => [name, is_required]),
    [
      ["a", true],
      ["b", false],
    ],
  );
  assert.deepEqual(all.types, ["object"]);
});

test("kinds are told from rules on which fields go together", () => {
  const kinds = shape({ oneOf: [{ type: "string" }, { type: "integer" }] });
  assert.equal(kinds.parts.length, 2);
  assert.equal(kinds.joined_by, "one");
  const rules = shape({
    type: "object",
    properties: { best: {}, seats: {}, areas: {} },
    oneOf: [{ required: ["best"] }, { anyOf: [{ required: ["seats"] }, { required: ["areas"] }] }],
  });
  assert.deepEqual(rules.parts, []);
  assert.deepEqual(rules.rules, [[["best"]], [["seats"], ["areas"]]]);
  const absent = shape({
    oneOf: [{ required: ["seats"], properties: { seats: true, plan: false } }],
  });
  assert.deepEqual(absent.rules, [[["seats", "!plan"]]]);
});

test("an example is made of the examples, values and defaults that there are", () => {
  const description = describing({});
  const made = example_of(
    {
      type: "object",
      properties: {
        id: { type: "string", format: "uuid" },
        count: { type: "integer", minimum: 3 },
        status: { type: "string", enum: ["held", "paid"] },
        names: { type: "array", items: { type: "string", examples: ["Ann"] } },
        again: { type: "boolean", default: false },
        ended: { type: ["object", "null"] },
        what: { oneOf: [{ type: "string", const: "a" }, { type: "integer" }] },
      },
    },
    (schema) => description.shape(schema),
  );
  assert.match(made.id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(
    { ...made, id: "" },
    {
      id: "",
      count: 3,
      status: "held",
      names: ["Ann"],
      again: false,
      ended: null,
      what: "a",
    },
  );
});
