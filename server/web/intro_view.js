// Before joining the line, and after the place in it has ended.
import { h } from "./dom.js";
import { moment_text } from "./format.js";
import { t } from "./i18n.js";
import { concert_heading, heading, NoticePlace, notice, work_button } from "./ui.js";

function join_button(visit, notices, label, again) {
  return work_button(label, t("page.loading"), notices, async () => {
    try {
      await visit.join({ again });
    } catch (problem) {
      if (problem.code !== "api_key_required") throw problem;
      notices.show(notice("info", t("intro.host"), t("intro.host.do")));
    }
  });
}

function explanation(concert) {
  switch (concert.sale) {
    case "scheduled":
      return [
        h("p", {}, t("intro.scheduled")),
        concert.opens_at
          ? h("p", {}, t("concerts.opens", { time: moment_text(concert.opens_at) }))
          : null,
      ];
    case "paused":
      return h("p", {}, t("intro.paused"));
    case "sold_out":
      return notice("info", t("intro.sold_out"), t("intro.sold_out.do"));
    case "draining":
    case "closed":
      return notice("info", t("intro.closed"), t("intro.closed.do"));
    default:
      return h("p", {}, t("intro.open"));
  }
}

export function intro_view(app, visit, signal) {
  const { concert } = visit;
  const notices = new NoticePlace();
  const may_join = concert.sale !== "closed" && concert.sale !== "draining";
  const draw = h("p", { hidden: true }, t("intro.draw"));
  if (concert.sale === "scheduled") {
    app.api
      .call("GET", `/v1/concerts/${visit.id}/draw`)
      .then(() => (draw.hidden = signal.aborted))
      .catch(() => {}); // There is no draw.
  }
  return h(
    "section",
    { class: "card narrow" },
    h("p", { class: "sale " + concert.sale }, t("sale." + concert.sale)),
    heading(concert.title),
    h("p", { class: "quiet" }, concert.venue),
    explanation(concert),
    draw,
    notices.element,
    may_join
      ? join_button(visit, notices, t("intro.join"), false)
      : h("a", { class: "button", href: "#/" }, t("page.home")),
  );
}

export function ended_view(_app, visit) {
  const what = visit.place.status === "expired" ? "ended.expired" : "ended.left";
  const notices = new NoticePlace();
  return h(
    "section",
    { class: "card narrow" },
    concert_heading(t(what), visit.concert),
    h("p", {}, t(what + ".do")),
    notices.element,
    h(
      "p",
      { class: "actions" },
      join_button(visit, notices, t("ended.again"), true),
      h("a", { class: "button", href: "#/" }, t("page.home")),
    ),
  );
}
