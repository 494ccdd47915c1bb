// The waiting room: where one stands, how long it will take, and that it is safe to go away.
import { Alarm } from "./alarm.js";
import { h, set_text, show } from "./dom.js";
import { clock_text, moment_text, range_text, time_of_day_text } from "./format.js";
import { t } from "./i18n.js";
import { has_estimate, notice_of, progress_of } from "./line.js";
import { ask, concert_heading, every, NoticePlace } from "./ui.js";

const SPEAK_EVERY_MS = 30_000;

function fact(label) {
  const value = h("dd", {});
  return { element: h("div", {}, h("dt", {}, label), value), value };
}

function wait_text(place) {
  if (!has_estimate(place)) return "–";
  return place.eta_range_ms ? range_text(place.eta_range_ms) : t("line.wait.calculating");
}

function ahead_text({ position, ahead }) {
  if (position === null) return "";
  return ahead === 0 ? t("line.next") : t("line.ahead", { n: ahead });
}

function tell_choice(alarm) {
  const box = h("input", { type: "checkbox", id: "tell", "aria-describedby": "tell-how" });
  box.checked = alarm.is_wanted;
  box.addEventListener("change", () => alarm.want(box.checked));
  return h(
    "div",
    { class: "choice" },
    box,
    h(
      "div",
      {},
      h("label", { for: "tell" }, t("line.tell")),
      h("p", { id: "tell-how", class: "quiet" }, t("line.tell.how")),
    ),
  );
}

export function line_view(app, visit, signal) {
  const alarm = new Alarm(visit.concert.title);
  const notices = new NoticePlace();
  const position = h("p", { class: "position" });
  const ahead = h("p", { class: "ahead" });
  const wait = fact(t("line.wait"));
  const free = fact(t("seats.legend.free"));
  const progress = h("progress", { max: "1", "aria-label": t("line.progress") });
  const state = h("div", { class: "notice info", role: "status" });
  const countdown = h("p", { class: "countdown", role: "timer" });
  const opening = h("div", { class: "opening" }, h("p", {}, t("line.opens_in")), countdown);
  const opens_at = h("p", { class: "quiet" });
  opening.append(opens_at);
  const updated = h("span", {});
  const connection = h("span", { role: "status" });
  const link = h("p", { class: "quiet connection" }, connection, updated);
  let draws = false;
  let spoken_at = -Infinity;

  function refresh() {
    const { place } = visit;
    if (place.status !== "waiting") return;
    const is_drawn = place.position !== null;
    position.classList.toggle("words", !is_drawn);
    set_text(position, is_drawn ? t("number", { n: place.position }) : t("line.position.unknown"));
    set_text(ahead, place.sale === "closed" ? "" : ahead_text(place));
    set_text(wait.value, wait_text(place));
    set_text(free.value, t("number", { n: place.seats_left }));
    const part = progress_of(visit.first_position, place);
    show(progress, part !== null);
    progress.value = part ?? 0;
    refresh_state(place);
    speak(place);
  }

  function refresh_state(place) {
    const name = notice_of(place, draws);
    show(state, name !== null);
    if (!name) return;
    const details = [];
    if (place.sale === "sold_out") {
      const text = place.seats_held > 0 ? "line.sold_out.held" : "line.sold_out.none";
      details.push(t(text, { n: place.seats_held }));
    }
    const text = [t(name), ...details].join(" ");
    state.className = "notice " + (place.sale === "scheduled" ? "info" : "warn");
    if (state.textContent !== text) state.replaceChildren(h("p", {}, text));
  }

  function speak(place) {
    if (place.position === null || app.clock.elapsed() - spoken_at < SPEAK_EVERY_MS) return;
    spoken_at = app.clock.elapsed();
    app.speak(ahead_text(place));
  }

  function refresh_time() {
    set_text(updated, " · " + t("line.updated", { time: time_of_day_text(visit.updated_at) }));
    const { opens_at: opens } = visit.concert;
    const is_before = visit.place.sale === "scheduled" && opens !== null;
    show(opening, is_before);
    if (!is_before) return;
    const left = app.clock.until(opens);
    set_text(countdown, left > 0 ? clock_text(left) : t("line.opening"));
    set_text(opens_at, moment_text(opens));
  }

  function refresh_connection() {
    link.classList.toggle("broken", visit.connection === "reconnecting");
    link.classList.toggle("connecting", visit.connection === "connecting");
    set_text(connection, t("connection." + visit.connection));
  }

  async function leave() {
    const texts = ["line.leave.sure", "line.leave.lose", "line.leave", "line.leave.stay"];
    if (!(await ask(...texts.map((name) => t(name))))) return;
    try {
      await visit.leave();
    } catch (problem) {
      if (!problem.code) throw problem;
      notices.problem(problem);
    }
  }

  visit.addEventListener("place", refresh, { signal });
  visit.addEventListener("connection", refresh_connection, { signal });
  signal.addEventListener("abort", () => {
    if (visit.place.status === "admitted") alarm.ring();
  });
  if (visit.place.position === null) {
    app.api
      .call("GET", `/v1/concerts/${visit.id}/draw`)
      .then(() => ((draws = true), refresh()))
      .catch(() => {}); // There is no draw, or it is not known whether there is.
  }
  refresh();
  refresh_connection();
  every(1_000, refresh_time, signal);

  return h(
    "section",
    { class: "card narrow line" },
    concert_heading(t("line.heading"), visit.concert),
    opening,
    h("p", { class: "label" }, t("line.position")),
    position,
    ahead,
    progress,
    state,
    h("dl", { class: "facts" }, wait.element, free.element),
    link,
    h("p", { class: "keep" }, t("line.keep")),
    tell_choice(alarm),
    notices.element,
    h("button", { type: "button", class: "plain", onclick: leave }, t("line.leave")),
  );
}
