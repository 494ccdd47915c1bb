// What an operator may do to a sale: open, pause, drain and close it, set when it opens and who goes
// in how, let somebody in by hand. Before anything is done it says in words what that will do.
import { h, set_text, show } from "../dom.js";
import { moment_text } from "../format.js";
import { t } from "../i18n.js";
import { ask, notice, relabel, work_button } from "../ui.js";
import { classes_part } from "./class_part.js";
import { EffectList } from "./effect_list.js";
import { effects_of } from "./effects.js";
import {
  ConcertHead,
  field,
  loading,
  OperatorNotices,
  problem_notice,
  text_input,
} from "./pieces.js";
import { RoomForm } from "./room_form.js";
import { draw_part, limits_part, loop_part, no_shows_part, opening_part } from "./room_parts.js";

const PARTS = [opening_part, draw_part, limits_part, loop_part, no_shows_part, classes_part];

const ACTS = ["open", "paused", "draining", "closed"];
const STATE_OF = { scheduled: [], sold_out: ["open"], open: ["open"] };

// Before the opening, "open" means now.
function change_to(act, room) {
  const is_early = room.opens_at && Date.parse(room.opens_at) > Date.parse(room.now);
  return act === "open" && is_early ? { sale: "open", opens_at: room.now } : { sale: act };
}

class SaleCard {
  #live;
  #notices = new OperatorNotices();
  #effects = new EffectList();
  #chosen = null;
  #buttons;
  #apply;
  #cancel;
  #below = h("p", { class: "actions", hidden: true });
  #opens = h("p", { class: "quiet" });

  constructor(live) {
    this.#live = live;
    this.#buttons = ACTS.map((act) =>
      h(
        "button",
        { type: "button", "aria-pressed": "false", onclick: () => this.#choose(act) },
        t("act." + act),
      ),
    );
    this.#apply = work_button(t("act.do"), t("act.doing"), this.#notices, () => this.#do());
    const cancel = { type: "button", onclick: () => this.#choose(null) };
    this.#cancel = h("button", cancel, t("act.cancel"));
    this.#below.append(this.#apply, this.#cancel);
    this.element = h(
      "section",
      { class: "card stack" },
      h("h2", {}, t("act.heading")),
      this.#opens,
      h("div", { class: "actions", role: "group", "aria-label": t("act.heading") }, this.#buttons),
      this.#effects.element,
      this.#below,
      this.#notices.element,
    );
  }

  hear() {
    const { room } = this.#live;
    const is_early = room.sale === "scheduled" && room.opens_at;
    show(this.#opens, is_early);
    if (is_early) set_text(this.#opens, t("act.opens_at", { time: moment_text(room.opens_at) }));
    const now = STATE_OF[room.sale] ?? [room.sale];
    this.#buttons.forEach((button, i) => {
      button.setAttribute("aria-disabled", String(now.includes(ACTS[i])));
    });
    if (this.#chosen && now.includes(this.#chosen)) this.#choose(null);
    if (this.#chosen) this.#show_effects();
  }

  #show_effects() {
    this.#effects.show(effects_of(this.#live.room, change_to(this.#chosen, this.#live.room)));
  }

  #choose(act) {
    const button = this.#buttons[ACTS.indexOf(act)];
    if (button?.getAttribute("aria-disabled") === "true") return;
    if (act) this.#notices.clear();
    this.#chosen = act;
    this.#buttons.forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
    show(this.#below, act !== null);
    if (!act) return this.#effects.hide();
    relabel(this.#apply, t("act.do." + act));
    this.#apply.className = act === "closed" ? "danger" : "primary";
    this.#show_effects();
  }

  async #do() {
    const act = this.#chosen;
    if (act === "closed") {
      const words = [t("act.close.sure"), t("act.close.detail"), t("act.do.closed"), t("act.keep")];
      if (!(await ask(...words))) return;
    }
    await this.#live.change(change_to(act, this.#live.room));
    this.#choose(null);
    this.#notices.show(notice("good", t("act.done." + act)));
  }
}

function numbers_line() {
  const element = h("p", { class: "now-line number" });
  return {
    element,
    hear({ room }) {
      const parts = [
        t("now.waiting", { n: room.waiting }),
        t("now.admitted", { n: room.admitted }),
        room.passed_over ? t("now.passed_over", { n: room.passed_over }) : "",
      ];
      set_text(element, parts.filter(Boolean).join(" · "));
    },
  };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function who_of(text) {
  const typed = text.trim();
  if (UUID.test(typed)) return { user_id: typed.toLowerCase() };
  const number = Number(typed.replace(/^#/, ""));
  return typed && Number.isSafeInteger(number) && number > 0 ? { place: number } : null;
}

function by_hand(app, live, concert_id) {
  const notices = new OperatorNotices();
  const input = text_input("who", "", { spellcheck: "false" });
  const button = work_button(t("hand.do"), t("hand.doing"), notices, async () => {
    const who = who_of(input.value);
    if (!who) return notices.show(notice("warn", t("hand.unclear"), t("hand.hint")));
    const path = `/admin/v1/concerts/${concert_id}/admit`;
    const { data } = await app.api.call("POST", path, { body: who });
    input.value = "";
    notices.show(notice("good", t("hand.done", { number: String(data.number) })));
    live.ask();
  });
  const submit = (event) => {
    event.preventDefault();
    button.click();
  };
  const element = h(
    "section",
    { class: "card stack" },
    h("h2", {}, t("hand.heading")),
    h(
      "form",
      { class: "fields", onsubmit: submit },
      field(t("hand.who"), input, t("hand.hint")),
      h("div", { class: "beside" }, button),
    ),
    notices.element,
  );
  return { element, hear: ({ room }) => show(element, Boolean(room.room)) };
}

export function sale_view(app, concert_id, signal) {
  const live = app.live(concert_id);
  const head = new ConcertHead(concert_id, "sale");
  const trouble = h("div", { class: "notices stack" });
  const waits = loading();
  const parts = [
    numbers_line(),
    new SaleCard(live),
    ...PARTS.map((part) => new RoomForm(live, part())),
    by_hand(app, live, concert_id),
  ];
  const body = h(
    "div",
    { class: "stack" },
    parts.map(({ element }) => element),
  );
  show(body, false);
  const hear = () => {
    trouble.replaceChildren();
    show(waits, false);
    show(body, true);
    head.hear(live.room);
    for (const part of parts) part.hear(live);
  };
  live.listen(signal, hear, () => {
    show(waits, false);
    if (!trouble.childElementCount) trouble.replaceChildren(problem_notice(live.problem));
  });
  return [head.element, trouble, waits, body];
}
