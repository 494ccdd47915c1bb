// Begins the page at /docs: the words of what the server has put there, and below it every call, made
// of /openapi.json.
import { h } from "../dom.js";
import {
  add_texts,
  choose_language,
  current_language,
  languages,
  set_language,
  t,
} from "../i18n.js";
import { Store } from "../store.js";
import { calls_view } from "./calls_view.js";
import { Description } from "./description.js";
import en from "./en.js";
import ko from "./ko.js";
import { inline, listing } from "./prose.js";

// Reading it may be forbidden.
function browser_storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

add_texts({ en, ko });
const store = new Store(browser_storage());
const side = document.body.dataset.side;
const place = h("div", { class: "stack" });
let description = null;
let view = null;

function language_choice() {
  return h(
    "select",
    { id: "language", "aria-label": t("page.language"), onchange: change_language },
    languages.map((tag) => {
      const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
      return h("option", { value: tag, lang: tag, selected: tag === current_language() }, name);
    }),
  );
}

function change_language(event) {
  store.set("language", event.target.value);
  set_language(event.target.value, navigator.languages ?? []);
  show_words();
  show_calls();
  document.getElementById("language").focus();
}

// The frame is the server's, in English; what the API says of itself stays so.
function show_words() {
  document.documentElement.lang = current_language();
  document.title = "concertres: " + t("docs.heading");
  for (const element of document.querySelectorAll("[data-text]")) {
    element.replaceChildren(...inline(t(element.dataset.text)));
  }
  // It may be wider than the page, and the keyboard scrolls only what it reaches.
  for (const list of document.querySelectorAll("#purchase pre")) {
    list.replaceWith(listing(list.textContent, t("docs.purchase")));
  }
  const choice = document.getElementById("language");
  if (choice) choice.replaceWith(language_choice());
  else document.querySelector("header").append(language_choice());
}

function show_calls() {
  if (description === null) return;
  const [text, opened] = [view?.text ?? "", view?.opened ?? []];
  view = calls_view(description, side, text);
  place.replaceChildren(view.element);
  view.open(opened);
}

function show_failure() {
  place.replaceChildren(h("p", { class: "notice bad", role: "alert" }, t("docs.failed")));
}

async function load() {
  place.replaceChildren(h("p", { class: "loading" }, t("docs.loading")));
  const response = await fetch("/openapi.json");
  if (!response.ok) throw new Error("openapi.json: " + response.status);
  description = new Description(await response.json());
  show_calls();
  if (location.hash) view.go(location.hash);
}

// A slash leads to the search, but where one writes.
function seek(event) {
  const is_plain = !event.ctrlKey && !event.altKey && !event.metaKey;
  if (event.key !== "/" || !is_plain || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  view?.focus_search();
}

function start() {
  const preferred = navigator.languages ?? [];
  set_language(choose_language(store.get("language"), preferred), preferred);
  show_words();
  document.getElementById("calls").append(place);
  addEventListener("keydown", seek);
  addEventListener("hashchange", () => view?.go(location.hash));
  load().catch((failure) => {
    show_failure();
    throw failure;
  });
}

start();
