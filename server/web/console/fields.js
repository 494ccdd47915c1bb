// Fields of a form whose values are sent as JSON. Each knows the pointer of its value there, which is
// how the server's faults name it, and says below itself what is wrong with it.
//
//   const floor = new NumberField("/closed_loop/floor", WHOLE, t("loop.floor"));
//   const faults = [];
//   const value = floor.read(faults);
//   tell_faults([floor], faults);
import { h, set_text, show } from "../dom.js";
import { t } from "../i18n.js";
import { field, text_input } from "./pieces.js";
import { with_offset } from "./plan_file.js";

// A whole number that was typed; null where nothing was, NaN where it is none.
export function typed_number(text) {
  const plain = text.replace(/[\s,.']/g, "");
  if (plain === "") return null;
  return /^\d{1,15}$/.test(plain) ? Number(plain) : NaN;
}

// One with a fraction, perhaps: a pass of 90 seconds is 1.5 minutes.
function typed_fraction(text) {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return null;
  return /^\d{0,12}(\.\d{0,9})?$/.test(plain) ? Number(plain) : NaN;
}

function of_time(unit) {
  return {
    mode: "decimal",
    fault: "field.number",
    typed: (text) => {
      const number = typed_fraction(text);
      return number === null ? null : Math.round(number * unit);
    },
    shown: (ms) => String(ms / unit),
  };
}

// What stands in a field, and what it is in JSON.
export const WHOLE = { mode: "numeric", fault: "field.whole", typed: typed_number, shown: String };
export const FRACTION = {
  mode: "decimal",
  fault: "field.number",
  typed: typed_fraction,
  shown: String,
};
export const SECONDS = of_time(1_000);
export const MINUTES = of_time(60_000);

const id_of = (pointer) => pointer.slice(1).replaceAll("/", "-");

class Field {
  #fault;

  constructor(pointer, input, element) {
    this.pointer = pointer;
    this.input = input;
    this.#fault = h("p", { class: "fault", id: input.id + "-fault", role: "alert", hidden: true });
    element.append(this.#fault);
    this.element = element;
    const described = [input.getAttribute("aria-describedby"), this.#fault.id];
    input.setAttribute("aria-describedby", described.filter(Boolean).join(" "));
  }

  get is_wrong() {
    return this.input.hasAttribute("aria-invalid");
  }

  // null: nothing is wrong with it. What the server says is English.
  say(text, language = null) {
    if (language) this.#fault.lang = language;
    else this.#fault.removeAttribute("lang");
    set_text(this.#fault, text ?? "");
    show(this.#fault, text !== null);
    if (text === null) this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }
}

export class NumberField extends Field {
  #kind;
  #is_needed;

  constructor(pointer, kind, label, { hint = null, is_needed = false } = {}) {
    const input = text_input(id_of(pointer), "", { inputmode: kind.mode });
    super(pointer, input, field(label, input, hint));
    this.#kind = kind;
    this.#is_needed = is_needed;
  }

  fill(value) {
    this.input.value = value === null || value === undefined ? "" : this.#kind.shown(value);
  }

  // null where nothing is typed. What is wrong is added to the faults.
  read(faults) {
    const value = this.#kind.typed(this.input.value);
    if (value === null && this.#is_needed) faults.push(lack_of(this.pointer));
    if (Number.isNaN(value) || value === 0) {
      faults.push({ pointer: this.pointer, detail: t(this.#kind.fault) });
    }
    return value;
  }
}

export class TextField extends Field {
  constructor(pointer, label, { hint = null } = {}) {
    const input = text_input(id_of(pointer), "", { spellcheck: "false" });
    super(pointer, input, field(label, input, hint));
  }

  read(faults) {
    const text = this.input.value.trim();
    if (!text) faults.push(lack_of(this.pointer));
    return text;
  }
}

export class CheckField extends Field {
  constructor(pointer, label) {
    const input = h("input", { type: "checkbox", id: id_of(pointer) });
    const choice = h("div", { class: "choice" }, input, h("label", { for: input.id }, label));
    super(pointer, input, h("div", {}, choice));
  }

  get checked() {
    return this.input.checked;
  }

  fill(is_checked) {
    this.input.checked = is_checked;
  }
}

// A moment, by the reader's own clock.
export class MomentField extends Field {
  #moment = null;
  #filled = "";

  constructor(pointer, label, { hint = null } = {}) {
    const input = h("input", { id: id_of(pointer), type: "datetime-local" });
    super(pointer, input, field(label, input, hint));
  }

  fill(moment) {
    this.#moment = moment;
    const time = new Date(moment ?? 0);
    time.setMinutes(time.getMinutes() - time.getTimezoneOffset());
    this.input.value = moment ? time.toISOString().slice(0, 19) : "";
    this.#filled = this.input.value;
  }

  // What has not been touched is as it was, fractions of a second included.
  read(faults) {
    if (this.input.value === this.#filled) return this.#moment;
    if (this.input.value) return with_offset(this.input.value);
    faults.push(lack_of(this.pointer));
    return null;
  }
}

// Nothing is said of it before somebody wants it done: one is still typing.
function lack_of(pointer) {
  return { pointer, detail: t("field.needed"), is_lack: true };
}

// Says each fault at its field, or at the one that its value is part of, and nothing at all others.
// Gives those that no field is for.
export function tell_faults(fields, faults, language = null) {
  const found = new Map();
  const others = [];
  for (const fault of faults) {
    let pointer = fault.pointer;
    const is_there = () => fields.some((one) => one.pointer === pointer);
    while (pointer && !is_there()) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
    if (!pointer) others.push(fault);
    else if (!found.has(pointer)) found.set(pointer, fault.detail);
  }
  for (const one of fields) one.say(found.get(one.pointer) ?? null, language);
  return others;
}
