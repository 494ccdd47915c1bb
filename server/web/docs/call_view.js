// One call: a line that opens, and below it all there is to know.
//
//   call_view(description, call, side)
import { h, set_text } from "../dom.js";
import { t } from "../i18n.js";
import { curl_call } from "./curl.js";
import { example_of } from "./example.js";
import { inline, listing, paragraphs } from "./prose.js";
import { joined, parameter_row, schema_view } from "./schema_view.js";

const PROBLEM = "application/problem+json";
const pretty = (value) => JSON.stringify(value, null, 2);

// The listener that served this page is where it was asked.
function origin_of({ servers }, side) {
  return servers.some((server) => server.side === side) ? location.origin : servers[0].url;
}

function section(title, ...children) {
  return h("section", {}, h("h5", {}, title), ...children);
}

// Copies, where the browser lets a page do that.
function copy_button(text) {
  if (!navigator.clipboard) return null;
  const button = h("button", { type: "button", class: "plain copy" }, t("docs.copy"));
  const said = h("span", { class: "quiet", role: "status" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text).then(
      () => set_text(said, t("docs.copied")),
      () => set_text(said, t("docs.not_copied")),
    );
  });
  return h("p", { class: "copying" }, button, said);
}

// --- the parts

const NEEDS = {
  token: ([scope]) => t("docs.needs." + (scope ?? "token")),
  apiKey: () => t("docs.needs.api_key"),
  adminKey: () => t("docs.needs.admin_key"),
};

function needs(call) {
  const ways = call.security.map((way) => {
    const [scheme] = Object.keys(way);
    return scheme ? NEEDS[scheme](way[scheme]) : t("docs.needs.no_key");
  });
  if (ways.length === 0) ways.push(t("docs.needs.nobody"));
  return section(
    t("docs.who"),
    ways.map((way) => h("p", {}, inline(way))),
  );
}

function served(call) {
  const names = call.servers.map(({ description }) => description);
  return section(t("docs.where"), h("p", {}, joined(names, ", ")));
}

function parameters(description, call) {
  if (call.parameters.length === 0) return null;
  const rows = call.parameters.map((one) =>
    parameter_row(description, one, t("docs.place." + one.in)),
  );
  return section(t("docs.parameters"), h("ul", { class: "schema" }, rows));
}

function body_of(description, call) {
  if (!call.body) return null;
  const [first] = call.body.examples;
  return first ? first[1] : example_of(call.body.schema, (one) => description.shape(one));
}

function body(description, call) {
  if (!call.body) return null;
  const examples = call.body.examples.map(([name, value]) => {
    const label = name ? `${t("docs.example")}: ${name}` : t("docs.example");
    return h("details", {}, h("summary", {}, label), listing(pretty(value), label));
  });
  return section(
    t("docs.body"),
    h("p", {}, h("code", {}, call.body.type)),
    schema_view(description, call.body.schema),
    examples,
  );
}

function codes(list) {
  if (list.length === 0) return null;
  return h(
    "ul",
    { class: "codes" },
    list.map((code) => h("li", {}, h("code", {}, code))),
  );
}

function contents(description, answer) {
  return answer.contents.map(({ type, schema }) => {
    if (type === PROBLEM) {
      return h(
        "p",
        {},
        h("code", {}, type),
        " · ",
        h("a", { href: "#problem" }, t("docs.problem")),
      );
    }
    if (!type.endsWith("json")) return h("p", {}, h("code", {}, type));
    const label = t("docs.example");
    const example = example_of(schema, (one) => description.shape(one));
    return [
      h("p", {}, h("code", {}, type)),
      schema_view(description, schema),
      h("details", {}, h("summary", {}, label), listing(pretty(example), label)),
    ];
  });
}

function answer_view(description, answer) {
  const is_good = /^[23]/.test(answer.status);
  const status = answer.status === "default" ? t("docs.otherwise") : answer.status;
  const headers = answer.headers.map((one) =>
    parameter_row(description, one, t("docs.place.header")),
  );
  return h(
    "li",
    { class: is_good ? "answer good" : "answer" },
    h("h6", {}, status),
    h(
      "div",
      {},
      h("p", {}, inline(answer.description)),
      codes(answer.codes),
      headers.length > 0 ? h("ul", { class: "schema" }, headers) : null,
      contents(description, answer),
    ),
  );
}

function answers(description, call) {
  const views = call.answers.map((one) => answer_view(description, one));
  return section(t("docs.answers"), h("ul", { class: "answers" }, views));
}

function curl(description, call, side) {
  const text = curl_call(call, origin_of(call, side), body_of(description, call));
  return section(t("docs.curl"), listing(text, t("docs.curl")), copy_button(text));
}

function details_of(description, call, side) {
  return [
    ...paragraphs(call.description),
    curl(description, call, side),
    h("div", { class: "pair" }, needs(call), served(call)),
    parameters(description, call),
    body(description, call),
    answers(description, call),
    h("p", { class: "quiet" }, h("a", { href: "#" + call.id }, t("docs.permalink"))),
  ];
}

// A long path breaks before a slash.
function path_parts(path) {
  return path.split(/(?=\/)/).map((part) => [h("wbr"), part]);
}

// What is below the line is made when it is opened first.
export function call_view(description, call, side) {
  const inside = h("div", { class: "inside" });
  const element = h(
    "details",
    { class: "call card", id: call.id },
    h(
      "summary",
      {},
      h(
        "h4",
        {},
        h("span", { class: "method " + call.method.toLowerCase() }, call.method),
        h("code", { class: "path" }, path_parts(call.path)),
        h("span", { class: "summary" }, inline(call.summary)),
      ),
    ),
    inside,
  );
  element.addEventListener("toggle", () => {
    if (element.open && inside.childElementCount === 0) {
      inside.append(...details_of(description, call, side).filter(Boolean));
    }
  });
  return element;
}
