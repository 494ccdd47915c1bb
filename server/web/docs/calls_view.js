// All calls, in groups; a field to search them by; and the keys that lead through them.
//
//   const view = calls_view(description, side);
//   view.go(location.hash);   // opens the call that the address names
import { h, set_text, show } from "../dom.js";
import { t } from "../i18n.js";
import { call_view } from "./call_view.js";
import { matches } from "./description.js";
import { inline } from "./prose.js";
import { schema_view } from "./schema_view.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

// What there is only at the listener that one is at comes first.
function sorted(groups, side) {
  const is_own = ({ servers }) => servers.every((server) => server.side === side);
  const is_first = ({ calls }) => calls.filter(is_own).length * 2 > calls.length;
  return [...groups.filter(is_first), ...groups.filter((group) => !is_first(group))];
}

class CallsView {
  #groups;
  #rows = [];
  #search;
  #found = h("p", { class: "quiet", role: "status" });
  #none = h("p", { class: "notice info", hidden: true }, t("docs.no_match"));
  element;

  constructor(description, side, text) {
    this.#groups = sorted(description.groups, side).map((group) =>
      this.#group(description, group, side),
    );
    this.#search = h("input", {
      type: "search",
      id: "search",
      value: text,
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": "search-hint",
      oninput: () => this.#filter(),
      onkeydown: (event) => this.#key_in_search(event),
    });
    this.element = h(
      "div",
      { class: "calls", onkeydown: (event) => this.#key(event) },
      this.#bar(),
      h("nav", { "aria-label": t("docs.groups") }, h("ul", { class: "groups" }, this.#links())),
      this.#none,
      this.#groups.map(({ element }) => element),
      this.#problem(description),
    );
    this.#filter();
  }

  get text() {
    return this.#search.value;
  }

  get opened() {
    return this.#rows.filter(({ element }) => element.open).map(({ call }) => call.id);
  }

  focus_search() {
    this.#search.focus();
    this.#search.select();
  }

  open(ids) {
    for (const { call, element } of this.#rows) if (ids.includes(call.id)) element.open = true;
  }

  // "#reserve": opened, whatever is searched for, and in view.
  go(hash) {
    const id = decodeURIComponent(hash.slice(1));
    const row = this.#rows.find(({ call }) => call.id === id);
    if (row?.element.hidden) {
      this.#search.value = "";
      this.#filter();
    }
    if (row) row.element.open = true;
    const target = row?.element ?? document.getElementById(id);
    target?.scrollIntoView({ block: "start" });
    row?.element.querySelector("summary").focus({ preventScroll: true });
  }

  // --- its parts

  #group(description, { name, id, description: words, calls }, side) {
    const rows = calls.map((call) => ({ call, element: call_view(description, call, side) }));
    this.#rows.push(...rows);
    const element = h(
      "section",
      { class: "group", id, "aria-labelledby": id + "-name" },
      h("h3", { id: id + "-name" }, name),
      h("p", { class: "quiet" }, words),
      rows.map((row) => row.element),
    );
    return { name, id, rows, element, link: h("a", { href: "#" + id }, name) };
  }

  #links() {
    const problem = h("a", { href: "#problem" }, t("docs.problem"));
    return [...this.#groups.map(({ link }) => link), problem].map((link) => h("li", {}, link));
  }

  #bar() {
    const all = (is_open) => () => {
      for (const { element } of this.#shown()) element.open = is_open;
    };
    const button = (label, work) => h("button", { type: "button", onclick: work }, label);
    return h(
      "div",
      { class: "bar" },
      h(
        "div",
        { class: "field" },
        h("label", { for: "search" }, t("docs.search")),
        this.#search,
        h("p", { class: "quiet", id: "search-hint" }, inline(t("docs.search_hint"))),
      ),
      h(
        "div",
        { class: "actions" },
        button(t("docs.open_all"), all(true)),
        button(t("docs.close_all"), all(false)),
        this.#found,
      ),
    );
  }

  #problem(description) {
    return h(
      "section",
      { class: "group", id: "problem", "aria-labelledby": "problem-name" },
      h("h3", { id: "problem-name" }, t("docs.problem")),
      h("div", { class: "card" }, schema_view(description, description.problem)),
    );
  }

  // --- searching

  #shown() {
    return this.#rows.filter(({ element }) => !element.hidden);
  }

  #filter() {
    const text = this.#search.value.trim();
    for (const { call, element } of this.#rows) show(element, matches(call, text));
    for (const { rows, element, link } of this.#groups) {
      const has_some = rows.some((row) => !row.element.hidden);
      show(element, has_some);
      show(link.parentElement ?? link, has_some);
    }
    const n = this.#shown().length;
    show(this.#none, n === 0);
    set_text(this.#found, t("docs.found", { n, all: this.#rows.length }));
  }

  // --- the keyboard

  #key_in_search(event) {
    if (event.key === "Escape" && this.#search.value) {
      event.preventDefault();
      this.#search.value = "";
      this.#filter();
    }
    if (event.key === "ArrowDown") this.#step(event, 0);
  }

  #key(event) {
    if (event.target.parentElement?.matches(".call") !== true) return;
    const rows = this.#shown();
    const at = rows.findIndex(({ element }) => element === event.target.parentElement);
    if (event.key in STEPS) this.#step(event, at + STEPS[event.key]);
    if (event.key === "Home") this.#step(event, 0);
    if (event.key === "End") this.#step(event, rows.length - 1);
  }

  #step(event, to) {
    event.preventDefault();
    if (to < 0) return this.#search.focus();
    this.#shown()[to]?.element.querySelector("summary").focus();
  }
}

export function calls_view(description, side, text = "") {
  return new CallsView(description, side, text);
}
