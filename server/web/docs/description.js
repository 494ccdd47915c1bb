// What /openapi.json says, as a list of calls in groups.
//
//   const description = new Description(await response.json());
//   description.groups[0].calls[0].path
import { shape_of } from "./schema.js";

// Of the document's servers, in this order.
const SIDES = ["buyers", "operators"];
const PLACES = ["path", "query", "header"];
const METHODS = ["get", "post", "put", "patch", "delete"];

export class Description {
  #json;
  groups;
  // What all refusals look like.
  problem;

  constructor(json) {
    this.#json = json;
    this.groups = (json.tags ?? []).map(({ name, description }) => ({
      name,
      id: "group-" + name.replaceAll(" ", "-"),
      description,
      calls: [],
    }));
    for (const [path, item] of Object.entries(json.paths)) {
      for (const method of METHODS.filter((name) => name in item)) {
        const call = this.#call(path, method, item, item[method]);
        this.groups.find(({ name }) => name === call.tag)?.calls.push(call);
      }
    }
    this.problem = json.components?.schemas?.Problem ?? null;
  }

  get calls() {
    return this.groups.flatMap(({ calls }) => calls);
  }

  // The value itself, or what its $ref names.
  resolved(value) {
    if (!value?.$ref) return value;
    const parts = value.$ref.replace("#/", "").split("/");
    const target = parts.reduce((at, part) => at[part], this.#json);
    // What stands beside a $ref is said of this use of it.
    const { $ref: _, ...beside } = value;
    return { ...this.resolved(target), ...beside };
  }

  shape(schema) {
    return shape_of(schema, (value) => this.resolved(value));
  }

  #call(path, method, item, operation) {
    // Those that this call alone has before those of all.
    const parameters = [...(operation.parameters ?? []), ...(item.parameters ?? [])]
      .map((one) => this.resolved(one))
      .sort((a, b) => PLACES.indexOf(a.in) - PLACES.indexOf(b.in));
    const answers = Object.entries(operation.responses);
    const call = {
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      tag: operation.tags?.[0],
      summary: operation.summary ?? "",
      description: operation.description,
      security: operation.security ?? [],
      servers: this.#servers(item),
      parameters,
      body: this.#content(operation.requestBody)[0] ?? null,
      answers: answers.map(([status, one]) => this.#answer(status, this.resolved(one))),
    };
    return { ...call, words: this.#words(call) };
  }

  #servers(item) {
    const urls = item.servers.map(({ url }) => url);
    const all = this.#json.servers.map((server, i) => ({ ...server, side: SIDES[i] }));
    return all.filter(({ url }) => urls.includes(url));
  }

  #answer(status, response) {
    const headers = Object.entries(response.headers ?? {});
    return {
      status,
      description: response.description,
      codes: response["x-codes"] ?? [],
      headers: headers.map(([name, header]) => ({ name, ...this.resolved(header) })),
      contents: this.#content(response),
    };
  }

  #content(holder) {
    return Object.entries(holder?.content ?? {}).map(([type, { schema, example, examples }]) => ({
      type,
      schema,
      examples: example
        ? [["", example]]
        : Object.entries(examples ?? {}).map(([name, { value }]) => [name, value]),
    }));
  }

  // All that one may look for it by.
  #words(call) {
    const words = [call.id, call.method, call.path, call.tag, call.summary, call.description];
    for (const { name } of call.parameters) words.push(name);
    for (const { status, codes, contents } of call.answers) {
      words.push(status, ...codes);
      for (const { schema, type } of contents) {
        if (type !== "application/problem+json") words.push(...this.#names(schema));
      }
    }
    if (call.body) words.push(...this.#names(call.body.schema));
    return words.filter(Boolean).join(" ").toLowerCase();
  }

  // Of all fields below.
  #names(schema) {
    const { fields, parts, items, others } = this.shape(schema);
    const below = [...parts, items, others].filter(Boolean).flatMap((one) => this.#names(one));
    return fields.flatMap(({ name, schema: one }) => [name, ...this.#names(one)]).concat(below);
  }
}

// Whether the call has every word that is looked for.
export function matches(call, text) {
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => call.words.includes(word));
}
