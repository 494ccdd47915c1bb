// What a change will do, in words, as one is about to make it.
import { h } from "../dom.js";
import { duration_text, exact_text, moment_text } from "../format.js";
import { t } from "../i18n.js";

// Of effects.js's values: times and durations become words.
function words({ name, values }) {
  const told = { ...values };
  if (told.ms !== undefined) told.time = exact_text(told.ms);
  else if (told.about_ms !== undefined) told.time = duration_text(told.about_ms);
  else if (told.time !== undefined) told.time = moment_text(told.time);
  return t(name, told);
}

export class EffectList {
  element = h("div", { class: "effects", role: "status", hidden: true });
  #said = "";

  show(effects) {
    const texts = effects.map(words);
    this.element.hidden = false;
    if (texts.join() === this.#said) return;
    this.#said = texts.join();
    const items = effects.map(({ kind }, i) => h("li", { class: kind }, texts[i]));
    this.element.replaceChildren(h("h3", {}, t("effect.heading")), h("ul", {}, items));
  }

  hide() {
    this.#said = "";
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
