// Above the views of who is in: how long the turn lasts, and what is held meanwhile.
import { passed_mark } from "./clock.js";
import { h, set_text, show } from "./dom.js";
import { clock_text, duration_text } from "./format.js";
import { t } from "./i18n.js";
import { every } from "./ui.js";

const MARKS = [120_000, 30_000];

export function turn_bar(app, visit, signal, { links_to_holds = true } = {}) {
  const left = h("span", { role: "timer" });
  const connection = h("span", { class: "connection broken", role: "status" });
  const holds = h("a", { class: "holds", href: `#/${visit.id}/checkout` });
  const bar = h("div", { class: "turn" }, left, connection, holds);
  let before = Infinity;

  function refresh() {
    const until = app.clock.until(visit.place.pass_expires_at);
    set_text(left, until === null ? "" : t("turn.left", { time: clock_text(until) }));
    const mark = until !== null && passed_mark(MARKS, before, until);
    if (mark && before !== Infinity) {
      app.speak(t("turn.left", { time: duration_text(mark) }), true);
    }
    before = until ?? Infinity;
    const is_broken = visit.connection === "reconnecting";
    set_text(connection, is_broken ? t("connection.reconnecting") : "");
    const count = visit.holds.reduce((sum, hold) => sum + hold.seats.length, 0);
    show(holds, links_to_holds && count > 0);
    set_text(holds, t("turn.holds", { n: count }));
    show(bar, until !== null || is_broken || count > 0);
  }

  visit.addEventListener("holds", refresh, { signal });
  visit.addEventListener("connection", refresh, { signal });
  every(1_000, refresh, signal);
  return bar;
}
