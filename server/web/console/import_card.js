// Puts a concert on sale from a file that is dropped or chosen: our own JSON as it is, a seating
// plan of pretix after a form for what it lacks.
import { h, set_text, show } from "../dom.js";
import { t } from "../i18n.js";
import { link, notice, work_button } from "../ui.js";
import { field, OperatorNotices } from "./pieces.js";
import { PlanForm } from "./plan_form.js";
import { concert_of, look_into } from "./plan_file.js";

// As the server takes them.
const BYTES_MAX = 64 * 1024 * 1024;

export class ImportCard {
  #app;
  #currency;
  #on_added;
  #notices = new OperatorNotices();
  #form = h("div", { class: "stack" });
  #progress = h("progress", { max: "1", "aria-label": t("import.progress") });
  #stage = h("p", { role: "status", class: "quiet" });
  #working = h("div", { class: "stack", hidden: true }, this.#stage, this.#progress);
  #input = h("input", {
    id: "file",
    type: "file",
    accept: ".json,application/json",
    onchange: () => this.#take(this.#input.files[0]),
  });

  // currency() is asked for the server's, where that is known; on_added() is told of each concert
  // that was added.
  constructor(app, { currency, on_added }) {
    this.#app = app;
    this.#currency = currency;
    this.#on_added = on_added;
    const drop = h(
      "div",
      { class: "drop" },
      h("p", {}, h("strong", {}, t("import.drop"))),
      field(t("import.choose"), this.#input),
    );
    this.element = h(
      "section",
      { class: "card stack" },
      h("h2", {}, t("import.heading")),
      h("p", { class: "quiet" }, t("import.about")),
      drop,
      this.#notices.element,
      this.#working,
      this.#form,
    );
    this.#watch(drop);
  }

  #watch(drop) {
    const over = (is_over) => (event) => {
      event.preventDefault();
      drop.classList.toggle("over", is_over);
    };
    drop.addEventListener("dragenter", over(true));
    drop.addEventListener("dragover", over(true));
    drop.addEventListener("dragleave", over(false));
    drop.addEventListener("drop", (event) => {
      over(false)(event);
      this.#take(event.dataTransfer.files[0]);
    });
  }

  async #take(file) {
    if (!file || !this.#working.hidden) return;
    this.#notices.clear();
    this.#form.replaceChildren();
    if (file.size > BYTES_MAX) {
      return this.#notices.show(notice("bad", t("import.too_large"), file.name));
    }
    const text = await file.text();
    const found = look_into(text);
    this.#input.value = "";
    if (found.kind !== "plan") return this.#try(text);
    const form = new PlanForm(found, file.name, await this.#currency());
    const add = work_button(t("import.do"), t("import.doing"), this.#notices, async () => {
      const filled = form.read();
      if (!filled) return;
      await this.#send(JSON.stringify(concert_of(found, filled)));
      this.#form.replaceChildren();
    });
    const cancel = { type: "button", onclick: () => this.#form.replaceChildren() };
    this.#form.replaceChildren(
      form.element,
      h("p", { class: "actions" }, add, h("button", cancel, t("act.cancel"))),
    );
    form.focus();
  }

  async #try(text) {
    try {
      await this.#send(text);
    } catch (problem) {
      if (!problem.code) throw problem;
      this.#notices.problem(problem);
    }
  }

  async #send(text) {
    show(this.#working, true);
    try {
      const added = await this.#app.api.upload("/admin/v1/concerts", text, (share) => {
        if (share < 1) this.#progress.value = share;
        else this.#progress.removeAttribute("value"); // it takes as long as it takes
        set_text(this.#stage, t(share < 1 ? "import.sending" : "import.adding"));
      });
      const seats = added.performances.reduce((sum, one) => sum + one.seats_total, 0);
      const path = "#/" + added.concert_id;
      const go = link(path, t("import.look"), { class: "button" });
      const counts = { n: added.performances.length, seats };
      this.#notices.show(notice("good", t("import.done"), t("import.done.counts", counts), go));
      this.#on_added();
    } finally {
      show(this.#working, false);
    }
  }
}
