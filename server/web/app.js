// Begins the page: the frame around the views, and which view is shown. Addresses are
// #/CONCERT, #/CONCERT/dates, #/CONCERT/seats/PERFORMANCE, #/CONCERT/checkout, #/CONCERT/ticket.
import { Api } from "./api.js";
import { checkout_view } from "./checkout_view.js";
import { ServerClock } from "./clock.js";
import { concerts_view } from "./concerts_view.js";
import { dates_view } from "./dates_view.js";
import { h, set_text } from "./dom.js";
import { begin_language, browser_store, header_of, language_choice } from "./frame.js";
import { handed_token, link_bar, take_handed } from "./handover.js";
import { t } from "./i18n.js";
import { ended_view, intro_view } from "./intro_view.js";
import { stage_of, title_of } from "./line.js";
import { line_view } from "./line_view.js";
import { seats_view } from "./seats_view.js";
import { is_stored_as, new_uuid } from "./store.js";
import { ticket_view } from "./ticket_view.js";
import { heading, notice, problem_notice } from "./ui.js";
import { Visit } from "./visit.js";

const store = browser_store("localStorage");
const clock = new ServerClock();
const api = new Api(clock);

const polite = h("div", { class: "spoken", role: "status", "aria-live": "polite" });
const urgent = h("div", { class: "spoken", role: "alert", "aria-live": "assertive" });
const main = h("main", { id: "content" });

export const app = {
  store,
  clock,
  api,
  user_id() {
    let user = store.get("user");
    if (!user) store.set("user", (user = new_uuid()));
    return user;
  },
  // To another step of a visit, unless the buyer has left it.
  go(from, step = "") {
    if (from === visit) location.hash = "/" + from.id + step;
  },
  // Says it to those who do not see the page.
  speak(text, is_urgent = false) {
    set_text(is_urgent ? urgent : polite, text);
  },
};

let visit = null;
let shown = null; // which view: { name, scope }
let linked = null; // the bar
let turn = new AbortController(); // see begin_turn()

// --- the frame

function frame() {
  const header = header_of(main, t("page.title"), language_choice(store, make_anew));
  linked = link_bar(app, arrive_anew);
  document.body.replaceChildren(header, linked.element, main, polite, urgent);
}

function make_anew() {
  frame();
  unmount();
  render();
}

// --- which view

function address() {
  const [concert = "", step = "", detail = ""] = location.hash.replace(/^#\/?/, "").split("/");
  return { concert, step, detail };
}

function view_of({ step, detail }) {
  const stage = stage_of(visit.place);
  const has_token = visit.place !== null;
  if (stage === "ticket" || (step === "ticket" && has_token)) return ["ticket", ticket_view];
  if (stage === "intro") return ["intro", intro_view];
  if (stage === "line") return ["line", line_view];
  if (stage === "ended") return ["ended", ended_view];
  if (step === "seats") return ["seats/" + detail, seats_view];
  if (step === "dates") return ["dates", dates_view];
  if (step === "checkout" || visit.holds.length > 0) return ["checkout", checkout_view];
  return ["dates", dates_view];
}

function mount(name, make) {
  if (shown?.name === name) return;
  const is_first = shown === null;
  shown?.scope.abort();
  shown = { name, scope: new AbortController() };
  main.replaceChildren(...[make(shown.scope.signal)].flat());
  if (is_first) return;
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

function unmount() {
  shown?.scope.abort();
  shown = null;
}

function mount_loading() {
  mount("loading", () => h("p", { class: "loading", role: "status" }, t("page.loading")));
}

function render() {
  const where = address();
  if (!where.concert) {
    mount("concerts", (signal) => concerts_view(app, signal));
  } else if (visit) {
    const [name, view] = view_of(where);
    mount(visit.id + "/" + name, (signal) => view(app, visit, signal, where.detail));
  }
  linked.hear(visit?.place ?? null);
  retitle();
}

function retitle() {
  const { name, n = 0 } = title_of(visit?.place ?? null);
  const parts = visit ? [t(name, { n }), visit.concert.title] : [t("page.title")];
  document.title = parts.join(" – ");
}

// --- going from one to another

function leave_visit() {
  visit?.end();
  visit = null;
}

// A link, an address, a try: each ends the one before, and what that still hears moves nobody. So
// after each wait it is asked whether its signal has been aborted.
function begin_turn() {
  turn.abort();
  turn = new AbortController();
  leave_visit();
  linked.hear(null);
  retitle();
  return turn.signal;
}

async function arrive() {
  const { concert } = address();
  if (visit?.id === concert) {
    if (shown?.name !== "loading") render(); // or it is, as soon as the place is known
    return;
  }
  const signal = begin_turn();
  if (!concert) return render();
  mount_loading();
  try {
    const { data } = await api.call("GET", "/v1/concerts");
    if (signal.aborted) return;
    const found = data.concerts.find((one) => one.concert_id === concert);
    if (!found) return show_missing();
    visit = new Visit(app, found);
    visit.addEventListener("place", place_changed);
    await visit.resume();
    if (!signal.aborted) render();
  } catch (problem) {
    if (!problem.code) throw problem;
    if (!signal.aborted) show_problem(problem, arrive);
  }
}

function arrive_anew() {
  leave_visit();
  unmount();
  arrive();
}

function show_missing() {
  const home = h("a", { href: "#/", class: "button" }, t("page.home"));
  mount("missing", () => [
    heading(t("page.not_found")),
    notice("warn", t("page.not_found"), t("page.not_found.do"), home),
  ]);
}

function show_problem(problem, try_again) {
  leave_visit();
  const again = () => {
    unmount();
    try_again();
  };
  const retry = h(
    "button",
    { type: "button", class: "primary", onclick: again },
    t("page.try_again"),
  );
  mount("problem", () => [heading(t("page.title")), problem_notice(problem, retry)]);
}

function place_changed({ target, detail }) {
  if (target !== visit) return; // what was left is still being answered
  const was = detail.before?.status;
  const { status } = visit.place;
  if (was === "waiting" && status === "admitted") app.speak(t("line.turn.note"), true);
  if (shown?.name !== "loading" && was !== status) render();
  retitle();
}

// False where the token opens nothing, or the buyer has gone another way meanwhile.
async function take_token(token) {
  const signal = begin_turn();
  history.replaceState(null, "", "#/");
  mount_loading();
  try {
    const concert = await take_handed(app, token, signal);
    if (!concert) return false;
    history.replaceState(null, "", "#/" + concert);
    return true;
  } catch (problem) {
    if (!problem.code) throw problem;
    const once_more = () => go_on("#token=" + token);
    if (!signal.aborted) show_problem(problem, problem.is_passing ? once_more : arrive);
    return false;
  }
}

// `hash` is what the address was changed to. It may be another by now: the answer to an older link
// can come between a change and the event that tells of it.
async function go_on(hash) {
  const token = handed_token(hash);
  if (!token || (await take_token(token))) await arrive();
}

function start() {
  begin_language(store);
  frame();
  addEventListener("hashchange", ({ newURL }) => go_on(new URL(newURL).hash));
  addEventListener("online", () => visit?.wake());
  addEventListener("offline", () => visit?.cut());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) visit?.wake();
  });
  // Another tab has joined, or asked for a new place.
  addEventListener("storage", ({ key }) => {
    if (!visit || !is_stored_as(key, "token." + visit.id)) return;
    arrive_anew();
  });
  go_on(location.hash);
}

start();
