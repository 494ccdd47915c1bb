// Begins the console: the frame around the views, and which view is shown. Addresses are #/,
// #/CONCERT, #/CONCERT/sale, #/CONCERT/seats/PERFORMANCE, #/find/ID, #/find/ID/seat/7 and
// #/find/ID/place/12.
import { ServerClock } from "../clock.js";
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
import { link } from "../ui.js";
import { concerts_view } from "./concerts_view.js";
import en from "./en.js";
import { find_view } from "./find_view.js";
import { key_view } from "./key_view.js";
import ko from "./ko.js";
import { Live } from "./live.js";
import { live_view } from "./live_view.js";
import { OperatorApi } from "./operator_api.js";
import { sale_view } from "./sale_view.js";
import { seats_view } from "./seats_view.js";

// So many sales keep their history while one looks at others.
const LIVES_MAX = 8;

// Reading either of them may be forbidden.
function browser_storage(name) {
  try {
    return window[name];
  } catch {
    return null;
  }
}

add_texts({ en, ko });
const store = new Store(browser_storage("localStorage"));
const main = h("main", { id: "content" });
const lives = new Map();
let shown = null; // which view: { name, scope }

const app = {
  api: new OperatorApi({
    clock: new ServerClock(),
    store: new Store(browser_storage("sessionStorage")),
    on_locked: (problem) => lock(problem),
  }),
  go(path) {
    location.hash = path;
  },
  live(concert_id) {
    const live = lives.get(concert_id) ?? new Live(app.api, concert_id);
    lives.delete(concert_id);
    lives.set(concert_id, live);
    if (lives.size > LIVES_MAX) lives.delete(lives.keys().next().value);
    return live;
  },
};

// --- the frame

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

function forget() {
  app.api.forget_key();
  location.reload();
}

function frame() {
  const skip = (event) => {
    event.preventDefault();
    main.querySelector("h1")?.focus();
  };
  const header = h(
    "header",
    {},
    h("a", { class: "skip", href: "#content", onclick: skip }, t("page.skip")),
    h("a", { class: "brand", href: "#/" }, t("console.title")),
    h("nav", { "aria-label": t("console.nav") }, link("#/find", t("find.heading"))),
    app.api.has_key
      ? h("button", { type: "button", class: "plain", onclick: forget }, t("key.forget"))
      : null,
    language_choice(),
  );
  document.documentElement.lang = current_language();
  document.body.replaceChildren(header, main);
}

function change_language(event) {
  store.set("language", event.target.value);
  set_language(event.target.value, navigator.languages ?? []);
  frame();
  shown?.scope.abort();
  shown = null;
  render();
  document.getElementById("language").focus();
}

// --- which view

function view_of() {
  const [first = "", second = "", third = "", fourth = ""] = location.hash
    .replace(/^#\/?/, "")
    .split("/");
  if (!first) return (signal) => concerts_view(app, signal);
  if (first === "find") {
    const asked = {
      id: second,
      seat: third === "seat" ? fourth : null,
      place: third === "place" ? fourth : null,
    };
    return (signal) => find_view(app, second ? asked : null, signal);
  }
  if (second === "sale") return (signal) => sale_view(app, first, signal);
  if (second === "seats") return (signal) => seats_view(app, first, signal, third);
  return (signal) => live_view(app, first, signal);
}

function mount(name, make) {
  if (shown?.name === name) return;
  const is_first = shown === null;
  shown?.scope.abort();
  shown = { name, scope: new AbortController() };
  main.replaceChildren(...[make(shown.scope.signal)].flat());
  document.title = t("console.title");
  if (is_first) return;
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

function render() {
  mount(location.hash || "#/", view_of());
}

function lock(problem) {
  if (shown?.name === "locked") return;
  const had_key = app.api.has_key;
  app.api.forget_key();
  const open = () => {
    frame();
    render();
  };
  mount("locked", () => key_view(app, problem, had_key, open));
}

function start() {
  const preferred = navigator.languages ?? [];
  set_language(choose_language(store.get("language"), preferred), preferred);
  frame();
  addEventListener("hashchange", () => {
    if (shown?.name !== "locked") render();
  });
  // A file that misses its place is not opened in the place of the console.
  for (const kind of ["dragover", "drop"])
    addEventListener(kind, (event) => event.preventDefault());
  render();
}

start();
