// Begins the console: the frame around the views, and which view is shown. Addresses are #/,
// #/CONCERT, #/CONCERT/sale, #/CONCERT/seats/PERFORMANCE, #/find/ID, #/find/ID/seat/7 and
// #/find/ID/place/12.
import { ServerClock } from "../clock.js";
import { h } from "../dom.js";
import { begin_language, browser_store, header_of, language_choice } from "../frame.js";
import { add_texts, t } from "../i18n.js";
import { link } from "../ui.js";
import { concerts_view } from "./concerts_view.js";
import en from "./en.js";
import { find_view } from "./find_view.js";
import { key_view } from "./key_view.js";
import ko from "./ko.js";
import { Live } from "./live.js";
import { live_view } from "./live_view.js";
import { OperatorApi } from "./operator_api.js";
import rules_en from "./rules_en.js";
import rules_ko from "./rules_ko.js";
import { sale_view } from "./sale_view.js";
import { seats_view } from "./seats_view.js";

// So many sales keep their history while one looks at others.
const LIVES_MAX = 8;

add_texts({ en, ko });
add_texts({ en: rules_en, ko: rules_ko });
const store = browser_store("localStorage");
const main = h("main", { id: "content" });
const lives = new Map();
let shown = null; // which view: { name, scope }

const app = {
  api: new OperatorApi({
    clock: new ServerClock(),
    store: browser_store("sessionStorage"),
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

function forget() {
  app.api.forget_key();
  location.reload();
}

function frame() {
  const header = header_of(
    main,
    t("console.title"),
    h("nav", { "aria-label": t("console.nav") }, link("#/find", t("find.heading"))),
    app.api.has_key
      ? h("button", { type: "button", class: "plain", onclick: forget }, t("key.forget"))
      : null,
    language_choice(store, make_anew),
  );
  document.body.replaceChildren(header, main);
}

function make_anew() {
  frame();
  shown?.scope.abort();
  shown = null;
  render();
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
  begin_language(store);
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
