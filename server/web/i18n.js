// The words of the page, in the language that is chosen. A text with a number in it has one form
// for each plural of the language: { one: "{n} seat", other: "{n} seats" }.
import en from "./en.js";
import ko from "./ko.js";

const LANGUAGES = { en, ko };
let language = "en";
let locale = "en";

// What else a page has to say: { en: {...}, ko: {...} }.
export function add_texts(texts) {
  for (const [tag, more] of Object.entries(texts)) Object.assign(LANGUAGES[tag], more);
}

export const languages = Object.keys(LANGUAGES);

// Of those the reader prefers, the first that there is.
export function choose_language(chosen, preferred) {
  const wanted = [chosen, ...preferred].map((tag) => (tag ?? "").toLowerCase().split("-")[0]);
  return wanted.find((tag) => tag in LANGUAGES) ?? "en";
}

// `preferred` also says how numbers and dates are written: in English as in Ireland, say.
export function set_language(tag, preferred = []) {
  language = tag;
  locale = preferred.find((one) => one.toLowerCase().split("-")[0] === tag) ?? tag;
}

export function current_language() {
  return language;
}

// For Intl.
export function current_locale() {
  return locale;
}

export function has_text(name) {
  return name in LANGUAGES[language];
}

// `values.n` chooses the plural; all values stand in the text as {name}.
export function t(name, values = {}) {
  let text = LANGUAGES[language][name];
  if (text === undefined) throw new Error("no text is called " + name);
  if (typeof text === "object") {
    text = text[new Intl.PluralRules(language).select(values.n)] ?? text.other;
  }
  return text.replace(/\{(\w+)\}/g, (_mark, value) => {
    const given = values[value];
    return typeof given === "number" ? given.toLocaleString(locale) : String(given);
  });
}
