// Pieces that several views of the console are made of.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { heading, link, NoticePlace, notice } from "../ui.js";

const OWN_CODES = new Set(["offline", "download_broken"]);
const FAULTS_SHOWN = 20;

// What the server refuses, in its own words: operators want to know exactly.
export function problem_notice(problem, ...actions) {
  if (OWN_CODES.has(problem.code)) {
    return notice("bad", t("problem." + problem.code), t(`problem.${problem.code}.do`), ...actions);
  }
  const faults = problem.faults.slice(0, FAULTS_SHOWN);
  const detail = faults.length > 1 ? null : problem.detail || problem.code;
  const shown = notice("bad", t("console.refused"), detail, ...actions);
  if (faults.length > 1) {
    const items = faults.map((fault) =>
      h("li", {}, h("code", {}, fault.pointer || "/"), " ", fault.detail),
    );
    shown.append(h("ul", { class: "faults", lang: "en" }, items));
  }
  return shown;
}

export class OperatorNotices extends NoticePlace {
  problem(problem, ...actions) {
    this.show(problem_notice(problem, ...actions));
  }
}

export function badge(sale) {
  return h("span", { class: "sale " + sale }, t("sale." + sale));
}

export function loading() {
  return h("p", { class: "loading", role: "status" }, t("page.loading"));
}

const VIEWS = ["live", "sale", "seats"];

// The heading of a concert's views, with the way from one to the other.
export class ConcertHead {
  #title = heading("…");
  #badge = h("span", {});

  constructor(concert_id, view) {
    const item = (name) => {
      const path = name === "live" ? `#/${concert_id}` : `#/${concert_id}/${name}`;
      const current = name === view ? { "aria-current": "page" } : {};
      return h("li", {}, link(path, t("view." + name), current));
    };
    this.element = h(
      "div",
      { class: "concert-head" },
      h("div", { class: "title-line" }, this.#title, this.#badge),
      h("nav", { class: "views", "aria-label": t("view.all") }, h("ul", {}, VIEWS.map(item))),
    );
  }

  hear({ title, sale }) {
    if (this.#title.textContent !== title) this.#title.textContent = title;
    if (this.#badge.className === "sale " + sale) return;
    this.#badge.replaceChildren(t("sale." + sale));
    this.#badge.className = "sale " + sale;
  }
}

// A field with its label: field("Title", h("input", { id: "title" }), "what it is for").
export function field(label, input, hint = null) {
  const id = input.id;
  const below = hint ? h("p", { class: "hint quiet", id: id + "-hint" }, hint) : null;
  if (hint) input.setAttribute("aria-describedby", id + "-hint");
  return h("div", { class: "field" }, h("label", { for: id }, label), input, below);
}

export function text_input(id, value = "", properties = {}) {
  return h("input", { id, type: "text", value, autocomplete: "off", ...properties });
}
