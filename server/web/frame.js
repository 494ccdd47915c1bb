// What the page and the operators' console have around their views: what the browser remembers, the
// header with the choice of language.
import { h } from "./dom.js";
import { choose_language, current_language, languages, set_language, t } from "./i18n.js";
import { Store } from "./store.js";

// `name`: localStorage or sessionStorage. Reading either of them may be forbidden.
export function browser_store(name) {
  try {
    return new Store(window[name]);
  } catch {
    return new Store(null);
  }
}

function use_language(tag) {
  set_language(tag, navigator.languages ?? []);
  document.documentElement.lang = tag;
}

export function begin_language(store) {
  use_language(choose_language(store.get("language"), navigator.languages ?? []));
}

// A choice that is remembered; on_change() makes all of the page anew.
export function language_choice(store, on_change) {
  const change = (event) => {
    store.set("language", event.target.value);
    use_language(event.target.value);
    on_change();
    document.getElementById("language").focus();
  };
  return h(
    "select",
    { id: "language", "aria-label": t("page.language"), onchange: change },
    languages.map((tag) => {
      const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
      return h("option", { value: tag, lang: tag, selected: tag === current_language() }, name);
    }),
  );
}

// With the way past all of it for who uses the keyboard.
export function header_of(main, title, ...parts) {
  const skip = (event) => {
    event.preventDefault();
    main.querySelector("h1")?.focus();
  };
  return h(
    "header",
    {},
    h("a", { class: "skip", href: "#content", onclick: skip }, t("page.skip")),
    h("a", { class: "brand", href: "#/" }, title),
    parts,
  );
}
