// The form of a room: how many may be in at once, how many go in within a time, how long a pass
// lives, the weights of the classes. What it would change is said as one types.
import { h, show } from "../dom.js";
import { t } from "../i18n.js";
import { notice, work_button } from "../ui.js";
import { EffectList } from "./effect_list.js";
import { changed_fields, effects_of } from "./effects.js";
import { field, OperatorNotices, text_input } from "./pieces.js";

const SECOND = 1_000;
const MINUTE = 60_000;

// A whole number that was typed; null where nothing was, NaN where it is none.
export function typed_number(text) {
  const plain = text.replace(/[\s,.']/g, "");
  if (plain === "") return null;
  return /^\d{1,15}$/.test(plain) ? Number(plain) : NaN;
}

// As it would be typed, of milliseconds.
function in_units(ms, unit) {
  return ms === null || ms === undefined ? "" : String(ms / unit);
}

// Minutes and seconds may have a fraction: a pass of 90 seconds is 1.5 minutes.
function typed_ms(text, unit) {
  if (text.trim() === "") return null;
  const number = Number(text.replace(",", "."));
  return number > 0 ? Math.round(number * unit) : NaN;
}

export class RoomForm {
  #live;
  #notices = new OperatorNotices();
  #effects = new EffectList();
  #inputs = {
    active_max: text_input("active-max", "", { inputmode: "numeric" }),
    admit_max: text_input("admit-max", "", { inputmode: "numeric" }),
    window: text_input("window", "", { inputmode: "decimal" }),
    pass: text_input("pass", "", { inputmode: "decimal" }),
  };
  #waiting_list = h("input", { type: "checkbox", id: "waiting-list" });
  #classes = h("div", { class: "classes" });
  #class_inputs = [];
  #shown = undefined; // the room that the form has been filled from
  #below;

  constructor(live) {
    this.#live = live;
    const apply = work_button(t("limits.do"), t("limits.doing"), this.#notices, () => this.#do());
    const undo = h("button", { type: "button", onclick: () => this.#fill() }, t("limits.undo"));
    this.#below = h("p", { class: "actions", hidden: true }, apply, undo);
    const press = (event) => {
      if (event.key === "Enter" && event.target.type === "text" && !this.#below.hidden)
        apply.click();
    };
    const { active_max, admit_max, window, pass } = this.#inputs;
    const list = h(
      "div",
      { class: "choice" },
      this.#waiting_list,
      h("label", { for: "waiting-list" }, t("limits.waiting_list")),
    );
    this.element = h(
      "section",
      { class: "card stack" },
      h("h2", {}, t("limits.heading")),
      h(
        "form",
        {
          class: "stack",
          onsubmit: (event) => event.preventDefault(),
          onkeydown: press,
          oninput: () => this.#preview(),
        },
        h(
          "div",
          { class: "fields" },
          field(t("limits.active_max"), active_max, t("limits.active_max.hint")),
          field(t("limits.admit_max"), admit_max, t("limits.admit_max.hint")),
          field(t("limits.window"), window, t("limits.window.hint")),
          field(t("limits.pass"), pass, t("limits.pass.hint")),
        ),
        list,
        this.#classes,
        this.#effects.element,
        this.#below,
      ),
      this.#notices.element,
    );
  }

  // What others change shows, as long as nobody types here.
  hear() {
    const room = JSON.stringify(this.#live.room.room);
    if (room !== this.#shown && !this.#is_touched) this.#fill();
    else if (this.#is_touched) this.#preview();
  }

  #is_touched = false;

  #fill() {
    const { room } = this.#live.room;
    this.#shown = JSON.stringify(room);
    const { active_max, admit_max, window, pass } = this.#inputs;
    active_max.value = room?.active_max ?? "";
    admit_max.value = room?.window?.admit_max ?? "";
    window.value = in_units(room?.window?.window_ms, SECOND);
    pass.value = in_units(room?.pass_ms, MINUTE);
    this.#waiting_list.checked = room?.waiting_list ?? false;
    this.#fill_classes(room?.classes ?? []);
    this.#preview();
  }

  #fill_classes(classes) {
    this.#class_inputs = classes.map(({ name, weight, allotment }) => {
      const input = text_input("weight-" + name, weight, { inputmode: "numeric" });
      const kept = h("input", { type: "checkbox", id: "kept-" + name });
      kept.checked = allotment === "kept";
      return { name, input, kept };
    });
    const row = ({ name, input, kept }) =>
      h(
        "div",
        { class: "fields class", role: "group", "aria-label": name },
        field(t("limits.weight", { name }), input),
        h(
          "div",
          { class: "choice beside" },
          kept,
          h("label", { for: kept.id }, t("limits.kept", { name })),
        ),
      );
    const title = h("h3", {}, t("limits.classes"));
    this.#classes.replaceChildren(
      ...(classes.length ? [title, ...this.#class_inputs.map(row)] : []),
    );
  }

  // { change } of what is typed, or { fault }: the name of a text.
  #typed() {
    const { active_max, admit_max, window, pass } = this.#inputs;
    const most = typed_number(active_max.value);
    const count = typed_number(admit_max.value);
    const window_ms = typed_ms(window.value, SECOND);
    const pass_ms = typed_ms(pass.value, MINUTE);
    if (Number.isNaN(most) || most === 0) return { fault: "limits.fault.active_max" };
    if (Number.isNaN(count) || count === 0 || Number.isNaN(window_ms)) {
      return { fault: "limits.fault.window" };
    }
    if ((count === null) !== (window_ms === null)) return { fault: "limits.fault.both" };
    if (Number.isNaN(pass_ms)) return { fault: "limits.fault.pass" };
    const classes = this.#class_inputs.map(({ name, input, kept }) => ({
      name,
      weight: typed_number(input.value),
      allotment: kept.checked ? "kept" : "released",
    }));
    if (classes.some(({ weight }) => !(weight > 0))) return { fault: "limits.fault.weight" };
    return {
      change: {
        active_max: most,
        window: count === null ? null : { admit_max: count, window_ms },
        pass_ms,
        waiting_list: this.#waiting_list.checked,
        ...(classes.length ? { classes } : {}),
      },
    };
  }

  // Of it only what is another than it stands.
  #change() {
    const { change, fault } = this.#typed();
    if (fault) return { fault };
    const names = changed_fields(this.#live.room.room, change);
    return { change: Object.fromEntries(names.map((name) => [name, change[name]])) };
  }

  #preview() {
    const { change, fault } = this.#change();
    this.#is_touched = Boolean(fault) || Object.keys(change).length > 0;
    show(this.#below, this.#is_touched && !fault);
    if (fault !== this.#fault || !fault) this.#notices.clear();
    if (fault && fault !== this.#fault) this.#notices.show(notice("warn", t(fault)));
    this.#fault = fault;
    if (this.#is_touched && !fault) this.#effects.show(effects_of(this.#live.room, change));
    else this.#effects.hide();
  }

  #fault = undefined; // that is shown

  async #do() {
    const { change, fault } = this.#change();
    if (fault) return;
    await this.#live.change(change);
    this.#is_touched = false;
    this.#fill();
    this.#notices.show(notice("good", t("limits.done")));
  }
}
