// Pieces that several views are made of.
import { h, set_text } from "./dom.js";
import { t } from "./i18n.js";
import { texts_of } from "./problems.js";

// The heading that the focus goes to when the view appears.
export function heading(text) {
  return h("h1", { tabindex: "-1" }, text);
}

// With the concert below it.
export function concert_heading(text, { title, venue }) {
  const below = h("p", { class: "quiet" }, [title, venue].filter(Boolean).join(" · "));
  return h("div", { class: "title" }, heading(text), below);
}

// `kind`: "info", "good", "warn" or "bad". `next` says what to do.
export function notice(kind, what, next, ...actions) {
  const role = kind === "bad" || kind === "warn" ? "alert" : "status";
  return h(
    "div",
    { class: "notice " + kind, role },
    h("p", {}, h("strong", {}, what), next ? [" ", next] : null),
    actions.length ? h("p", { class: "actions" }, ...actions) : null,
  );
}

export function problem_notice(problem, ...actions) {
  const { what, next } = texts_of(problem.code);
  return notice("bad", t(what), t(next), ...actions);
}

// Where notices appear, the last one only.
export class NoticePlace {
  element = h("div", { class: "notices" });

  show(element) {
    this.element.replaceChildren(element);
    element.scrollIntoView?.({ block: "nearest" });
  }

  problem(problem, ...actions) {
    this.show(problem_notice(problem, ...actions));
  }

  clear() {
    this.element.replaceChildren();
  }
}

// A button that does one thing at a time: pressed again while it works it does nothing. `work` may
// throw a problem, which `notices` then shows.
export function work_button(label, working_label, notices, work, properties = {}) {
  const button = h("button", { type: "button", class: "primary", ...properties }, label);
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    set_text(button, working_label);
    try {
      notices.clear();
      await work();
    } catch (problem) {
      if (!problem.code) throw problem;
      notices.problem(problem);
    } finally {
      button.setAttribute("aria-disabled", "false");
      set_text(button, button.dataset.label ?? label);
    }
  });
  return button;
}

// The label of a work button, for when it is at rest.
export function relabel(button, label) {
  button.dataset.label = label;
  if (button.getAttribute("aria-disabled") !== "true") set_text(button, label);
}

export function every(ms, work, signal) {
  const timer = setInterval(work, ms);
  signal.addEventListener("abort", () => clearInterval(timer));
  work();
}

export function link(path, label, properties = {}) {
  return h("a", { href: path, ...properties }, label);
}

// A question with two answers, the safe one first; which is also what comes of it when `signal`, if
// any, takes it away.
export function ask(question, detail, yes, no, signal = null) {
  return new Promise((resolve) => {
    const answer = (value) => () => {
      dialog.close();
      resolve(value);
    };
    const dialog = h(
      "dialog",
      { "aria-labelledby": "question" },
      h("h2", { id: "question" }, question),
      h("p", {}, detail),
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", class: "primary", onclick: answer(false) }, no),
        h("button", { type: "button", class: "danger", onclick: answer(true) }, yes),
      ),
    );
    dialog.addEventListener("cancel", () => resolve(false));
    signal?.addEventListener("abort", answer(false));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}
