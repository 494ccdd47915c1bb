// What operators set of a sale and its room, part by part: the fields, how they are filled from what
// GET /admin/v1/concerts/{id}/room tells, and what PATCH is sent of them. A RoomForm shows one.
import { h, set_text, show } from "../dom.js";
import { current_locale, t } from "../i18n.js";
import {
  CheckField,
  FRACTION,
  MINUTES,
  MomentField,
  NumberField,
  SECONDS,
  WHOLE,
} from "./fields.js";

const row = (...fields) =>
  h(
    "div",
    { class: "fields" },
    fields.map(({ element }) => element),
  );

export function opening_part() {
  const opens_at = new MomentField("/opens_at", t("opening.at"), { hint: t("opening.hint") });
  return {
    title: t("opening.heading"),
    fields: [opens_at],
    element: row(opens_at),
    standing: (now) => now.opens_at,
    fill: (now) => opens_at.fill(now.opens_at),
    read: (faults) => ({ opens_at: opens_at.read(faults) }),
  };
}

export function limits_part() {
  const number = (pointer, kind, label, hint) => new NumberField(pointer, kind, label, { hint });
  const most = number("/active_max", WHOLE, t("limits.active_max"), t("limits.active_max.hint"));
  const count = number(
    "/window/admit_max",
    WHOLE,
    t("limits.admit_max"),
    t("limits.admit_max.hint"),
  );
  const window = number("/window/window_ms", SECONDS, t("limits.window"), t("limits.window.hint"));
  const pass = number("/pass_ms", MINUTES, t("limits.pass"), t("limits.pass.hint"));
  const waiting_list = new CheckField("/waiting_list", t("limits.waiting_list"));

  function read_window(faults) {
    const [admit_max, window_ms] = [count.read(faults), window.read(faults)];
    if (admit_max === null && window_ms === null) return null;
    for (const [one, value] of [
      [count, admit_max],
      [window, window_ms],
    ]) {
      if (value === null) faults.push({ pointer: one.pointer, detail: t("limits.fault.both") });
    }
    return { admit_max, window_ms };
  }

  return {
    title: t("limits.heading"),
    fields: [most, count, window, pass, waiting_list],
    element: h("div", { class: "stack" }, row(most, count, window, pass), waiting_list.element),
    standing: ({ room }) => room && [room.active_max, room.window, room.pass_ms, room.waiting_list],
    fill({ room }) {
      most.fill(room?.active_max);
      count.fill(room?.window?.admit_max);
      window.fill(room?.window?.window_ms);
      pass.fill(room?.pass_ms);
      waiting_list.fill(room?.waiting_list ?? false);
    },
    read: (faults) => ({
      active_max: most.read(faults),
      window: read_window(faults),
      pass_ms: pass.read(faults),
      waiting_list: waiting_list.checked,
    }),
  };
}

// Fields that count only while a box is ticked.
function switched(box, ...below) {
  const rest = h("div", { class: "stack" }, below);
  const element = h("div", { class: "stack" }, box.element, rest);
  const hear = () => show(rest, box.checked);
  box.input.addEventListener("input", hear);
  return { element, hear };
}

// As the server has them where nothing is given.
const LOOP_DEFAULTS = { add: 1, cut: 50, every_ms: 1_000 };

export function loop_part() {
  const number = (name, kind, more = {}) => {
    const hint = t(`loop.${name}.hint`);
    return new NumberField("/closed_loop/" + name, kind, t("loop." + name), { hint, ...more });
  };
  const needed = { is_needed: true };
  const box = new CheckField("/closed_loop", t("loop.on"));
  const values = {
    floor: number("floor", WHOLE, needed),
    ceiling: number("ceiling", WHOLE, needed),
    add: number("add", WHOLE),
    cut: number("cut", WHOLE),
    every_ms: number("every_ms", SECONDS),
    load_max: number("load_max", FRACTION),
    commit_ms_max: number("commit_ms_max", WHOLE),
    seats_per_pass_min: number("seats_per_pass_min", WHOLE),
  };
  const { floor, ceiling, add, cut, every_ms, ...watched } = values;
  const stands = h("p", { class: "quiet", role: "status" });
  const group = switched(
    box,
    row(floor, ceiling, add, cut, every_ms),
    h("h3", {}, t("loop.watched")),
    row(...Object.values(watched)),
  );

  return {
    title: t("loop.heading"),
    about: t("loop.about"),
    fields: [box, ...Object.values(values)],
    element: h("div", { class: "stack" }, stands, group.element),
    standing: ({ room }) => room?.closed_loop ?? null,
    hear({ room, loop }) {
      show(stands, Boolean(room?.closed_loop && loop));
      if (loop) set_text(stands, standing_of(loop));
    },
    fill({ room }) {
      const loop = room?.closed_loop ?? LOOP_DEFAULTS;
      box.fill(Boolean(room?.closed_loop));
      for (const [name, one] of Object.entries(values)) one.fill(loop[name]);
      group.hear();
    },
    read(faults) {
      if (!box.checked) return { closed_loop: null };
      const typed = Object.entries(values).map(([name, one]) => [name, one.read(faults)]);
      const given = typed.filter(([, value]) => value !== null);
      return { closed_loop: { ...in_order(LOOP_DEFAULTS, given) } };
    },
  };
}

// In the order of the server's answer, so that the same is the same text.
function in_order(defaults, given) {
  const { floor, ceiling, add, cut, every_ms, ...watched } = {
    ...defaults,
    ...Object.fromEntries(given),
  };
  return { floor, ceiling, add, cut, every_ms, ...watched };
}

// How the loop stands, and what it goes by, as far as that is known.
function standing_of({ limit, load, commit_ms, seats_per_pass }) {
  const rounded = (value) => value.toLocaleString(current_locale(), { maximumFractionDigits: 2 });
  const known = [
    [load, "loop.now.load"],
    [commit_ms, "loop.now.commit"],
    [seats_per_pass, "loop.now.seats"],
  ].filter(([value]) => value !== null);
  const parts = known.map(([value, name]) => t(name, { value: rounded(value) }));
  return [t("loop.now", { n: limit }), ...parts].join(" · ");
}

// Where the rule is switched on: who asks when told to is never passed over, and has time to mend
// what was broken.
const USUAL_NO_SHOWS = { silent_ms: 120_000, grace_ms: 600_000 };

export function no_shows_part() {
  const box = new CheckField("/no_shows", t("absent.on"));
  const needed = (pointer, kind, label, hint) =>
    new NumberField(pointer, kind, label, { hint, is_needed: true });
  const silent = needed(
    "/no_shows/silent_ms",
    SECONDS,
    t("absent.silent"),
    t("absent.silent.hint"),
  );
  const grace = needed("/no_shows/grace_ms", MINUTES, t("absent.grace"), t("absent.grace.hint"));
  const group = switched(box, row(silent, grace));
  return {
    title: t("absent.heading"),
    about: t("absent.about"),
    fields: [box, silent, grace],
    element: group.element,
    standing: ({ room }) => room?.no_shows ?? null,
    fill({ room }) {
      const rule = room?.no_shows ?? USUAL_NO_SHOWS;
      box.fill(Boolean(room?.no_shows));
      silent.fill(rule.silent_ms);
      grace.fill(rule.grace_ms);
      group.hear();
    },
    read(faults) {
      if (!box.checked) return { no_shows: null };
      return { no_shows: { silent_ms: silent.read(faults), grace_ms: grace.read(faults) } };
    },
  };
}

export function draw_part() {
  const box = new CheckField("/draw", t("draw.on"));
  const over = h("p", {});
  return {
    title: t("draw.heading"),
    about: t("draw.about"),
    fields: [box],
    element: h("div", { class: "stack" }, box.element, over),
    standing: ({ room }) => room?.draw ?? false,
    // Of who waits at a sale that has opened somebody is the first already.
    hear({ opens_at, now, room }) {
      const is_to_come = opens_at !== null && Date.parse(opens_at) > Date.parse(now);
      show(box.element, is_to_come);
      show(over, !is_to_come);
      const name = room?.draw ? "draw.over" : opens_at ? "draw.too_late" : "draw.no_opening";
      set_text(over, t(name));
    },
    fill: ({ room }) => box.fill(room?.draw ?? false),
    read: () => ({ draw: box.checked }),
  };
}
