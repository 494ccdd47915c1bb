// A form of what operators set of a sale, for one of the parts in room_parts.js. What a change would
// do is said as one types; what the server refuses is said at the field that it names.
import { h, show } from "../dom.js";
import { t } from "../i18n.js";
import { notice, work_button } from "../ui.js";
import { EffectList } from "./effect_list.js";
import { changes_of, effects_of } from "./effects.js";
import { tell_faults } from "./fields.js";
import { OperatorNotices } from "./pieces.js";

export class RoomForm {
  #live;
  #part;
  #notices = new OperatorNotices();
  #effects = new EffectList();
  #shown = undefined; // what the form has been filled from
  #is_touched = false;
  #below;

  constructor(live, part) {
    this.#live = live;
    this.#part = part;
    const apply = work_button(t("limits.do"), t("limits.doing"), this.#notices, () => this.#do());
    const undo = h("button", { type: "button", onclick: () => this.#fill() }, t("limits.undo"));
    this.#below = h("p", { class: "actions", hidden: true }, apply, undo);
    const press = (event) => {
      if (event.key === "Enter" && event.target.matches("input") && !this.#below.hidden)
        apply.click();
    };
    this.element = h(
      "section",
      { class: "card stack rule", "aria-label": part.title },
      h("h2", {}, part.title),
      part.about ? h("p", { class: "quiet" }, part.about) : null,
      h(
        "form",
        {
          class: "stack",
          onsubmit: (event) => event.preventDefault(),
          onkeydown: press,
          oninput: () => this.#typed(),
        },
        part.element,
        this.#effects.element,
        this.#below,
      ),
      this.#notices.element,
    );
  }

  // What others change shows, as long as nobody types here.
  hear() {
    const { room } = this.#live;
    this.#part.hear?.(room);
    const stands = JSON.stringify(this.#part.standing(room));
    if (stands !== this.#shown && !this.#is_touched) this.#fill();
    else if (this.#is_touched) this.#preview();
  }

  #fill() {
    const { room } = this.#live;
    this.#shown = JSON.stringify(this.#part.standing(room));
    this.#part.fill(room);
    tell_faults(this.#part.fields, []);
    this.#notices.clear();
    this.#preview();
  }

  // What is typed, as far as it is another than it stands, and what is wrong with it.
  #read() {
    const faults = [];
    const change = changes_of(this.#live.room, this.#part.read(faults));
    return { change, faults };
  }

  #typed() {
    const { faults } = this.#read();
    const said = faults.filter(({ is_lack }) => !is_lack);
    tell_faults(this.#part.fields, said);
    this.#notices.clear();
    this.#preview();
  }

  #preview() {
    const { change, faults } = this.#read();
    this.#is_touched = faults.length > 0 || Object.keys(change).length > 0;
    show(this.#below, this.#is_touched);
    if (this.#is_touched && !faults.length) this.#effects.show(effects_of(this.#live.room, change));
    else this.#effects.hide();
  }

  // Those that belong to no field.
  #refuse(faults, language) {
    const { fields } = this.#part;
    const others = tell_faults(fields, faults, language);
    fields.find(({ is_wrong }) => is_wrong)?.input.focus();
    return others;
  }

  async #do() {
    const { change, faults } = this.#read();
    if (faults.length) return this.#refuse(faults);
    try {
      await this.#live.change(change);
    } catch (problem) {
      const others = this.#refuse(problem.faults ?? [], "en");
      if (problem.faults?.length && !others.length) return;
      throw problem; // to the notices
    }
    this.#fill();
    this.#notices.show(notice("good", t("limits.done")));
  }
}
