// What a change of a sale and its room will do, before it is done: as names of texts with values,
// the most important first. It is an estimate from what the server last told, and says "about". No
// page is needed here.
//
//   effects_of(room, { active_max: 200 })   // [{ name: "effect.more_in", values: { n: 120 } }]
//
// `room` is the answer of GET /admin/v1/concerts/{id}/room, `change` what PATCH would be sent.

const LETS_IN = ["open", "draining"];
const MINUTE = 60_000;

function effect(name, values = {}, kind = "info") {
  return { name, values, kind };
}

function most_in({ room, loop }) {
  const limits = [room?.active_max, room?.closed_loop ? loop?.limit : null];
  return Math.min(...limits.map((limit) => limit ?? Infinity));
}

// How many of those who wait could go in at this moment, were nobody let in yet.
function next_in(at) {
  const free = Math.max(0, most_in(at) - at.admitted);
  return Math.min(at.waiting, free);
}

function first_wave(at) {
  const window = at.room?.window;
  return Math.min(next_in(at), window ? window.admit_max : Infinity);
}

// --- the sale

const is_before_opening = ({ opens_at, now }) =>
  opens_at !== null && Date.parse(opens_at) > Date.parse(now);

function open(now, after) {
  const effects = [];
  if (is_before_opening(after)) return [effect("effect.open.later", { time: after.opens_at })];
  if (now.sale === "closed" || now.sale === "draining") effects.push(effect("effect.open.again"));
  if (!after.room) return [...effects, effect("effect.open.no_room")];
  if (after.room.draw && now.sale === "scheduled")
    effects.push(effect("effect.open.draw", {}, "warn"));
  const n = first_wave({ ...after, sale: "open" });
  return [...effects, n > 0 ? effect("effect.open.in", { n }) : effect("effect.open.ready")];
}

function pause(now) {
  const effects = [effect("effect.pause"), effect("effect.pause.join")];
  if (now.admitted > 0) effects.push(effect("effect.pause.inside", { n: now.admitted }));
  return effects;
}

function drain(now) {
  return [effect("effect.drain", {}, "warn"), effect("effect.drain.waiting", { n: now.waiting })];
}

function close(now) {
  const effects = [effect("effect.close", {}, "warn")];
  if (now.waiting > 0) effects.push(effect("effect.close.waiting", { n: now.waiting }, "warn"));
  return [...effects, effect("effect.close.held"), effect("effect.close.again")];
}

// The time alone; whether the sale is paused, drained or closed stays as it is.
function change_of_opening(now, after) {
  const is_held_shut = ["paused", "draining", "closed"].includes(now.sale);
  if (!is_before_opening(after)) {
    if (is_held_shut) return [effect("effect.opens_at.not_open")];
    if (now.sale !== "scheduled") return [effect("effect.opens_at.no_matter")];
    return [effect("effect.opens_at.past"), ...open(now, after)];
  }
  const time = after.opens_at;
  const effects = [effect(is_held_shut ? "effect.opens_at.only" : "effect.opens_at", { time })];
  if (is_before_opening(now)) {
    if (!is_held_shut && now.waiting > 0)
      effects.push(effect("effect.opens_at.waiting", { n: now.waiting }));
    if (now.room?.draw) effects.push(effect("effect.opens_at.draw", { time }));
    return effects;
  }
  if (!is_held_shut) effects.push(effect("effect.opens_at.shuts", {}, "warn"));
  if (now.sale !== "closed" && now.admitted > 0)
    effects.push(effect("effect.opens_at.inside", { n: now.admitted }, "warn"));
  return effects;
}

const SALES = { open, paused: pause, draining: drain, closed: close };

// --- the room

function change_of_limit(now, after) {
  const [before, most] = [most_in(now), most_in(after)];
  if (after.room.active_max === null && most === Infinity) {
    return [effect("effect.no_limit", { n: next_in(after) })];
  }
  if (most < before && now.admitted > most) {
    return [effect("effect.fewer_than_in", { n: now.admitted, most })];
  }
  if (most < before) return [effect("effect.fewer", { n: most })];
  const more = next_in(after) - next_in(now);
  return [
    more > 0 ? effect("effect.more_in", { n: more }) : effect("effect.more_ready", { n: most }),
  ];
}

function change_of_window(now, after) {
  const { window } = after.room;
  if (!window) return [effect("effect.no_window")];
  const { admit_max: n, window_ms } = window;
  const effects = [effect("effect.window", { n, ms: window_ms })];
  if (now.waiting > n) {
    effects.push(
      effect("effect.window.wait", { n: now.waiting, about_ms: (now.waiting / n) * window_ms }),
    );
  }
  return effects;
}

// A room that names no classes has this one.
const ONE_CLASS = [{ name: "general", weight: 1, allotment: "kept" }];

export function classes_of(room) {
  return room?.classes.length ? room.classes : ONE_CLASS;
}

function change_of_classes(now, after) {
  const before = new Map(classes_of(now.room).map((one) => [one.name, one]));
  const { classes } = after.room;
  const all = classes.reduce((sum, { weight }) => sum + weight, 0);
  const effects = [];
  for (const { name, weight, allotment } of classes) {
    const was = before.get(name);
    if (!was) {
      effects.push(effect("effect.class.share", { name, share: Math.round((100 * weight) / all) }));
    } else if (was.weight !== weight) {
      effects.push(effect("effect.class.weight", { name, weight }));
    }
    if (was && was.allotment !== allotment)
      effects.push(effect("effect.class." + allotment, { name }));
  }
  if (classes.length > before.size) effects.push(effect("effect.class.stays", {}, "warn"));
  return effects;
}

// How many a closed loop will let be in: its limit, or who is in where it only begins.
function first_limit(now, { floor, ceiling }) {
  const from = now.room?.closed_loop && now.loop ? now.loop.limit : now.admitted;
  return Math.min(ceiling, Math.max(floor, from));
}

function change_of_loop(now, after) {
  const loop = after.room.closed_loop;
  const is_another = most_in(now) !== most_in(after);
  if (!loop) {
    const none = effect("effect.loop.none");
    return is_another ? [none, ...change_of_limit(now, after)] : [none];
  }
  const { floor, ceiling, add: n, cut, every_ms: ms } = loop;
  const effects = [
    effect("effect.loop", { floor, ceiling }),
    effect("effect.loop.steps", { n, cut, ms }),
  ];
  if (loop.load_max !== undefined) {
    effects.push(effect("effect.loop.load", { load: loop.load_max }));
    if ((now.loop?.load ?? null) === null) effects.push(effect("effect.loop.load.unknown"));
  }
  if (loop.commit_ms_max !== undefined)
    effects.push(effect("effect.loop.commit", { n: loop.commit_ms_max }));
  if (loop.seats_per_pass_min !== undefined)
    effects.push(effect("effect.loop.seats", { n: loop.seats_per_pass_min }));
  const is_new = !now.room?.closed_loop;
  const { limit } = after.loop;
  effects.push(effect(is_new ? "effect.loop.begins" : "effect.loop.keeps", { n: limit }));
  const matters = is_new ? now.admitted > most_in(after) : is_another;
  return matters ? [...effects, ...change_of_limit(now, after)] : effects;
}

function change_of_no_shows(now, after) {
  const rule = after.room.no_shows;
  if (rule) {
    return [
      effect("effect.no_shows", { ms: rule.silent_ms }),
      effect("effect.no_shows.lost", { ms: rule.grace_ms }),
    ];
  }
  const effects = [effect("effect.no_shows.none")];
  if (now.passed_over > 0) effects.push(effect("effect.no_shows.back", { n: now.passed_over }));
  return effects;
}

function change_of_draw(now, after) {
  if (!after.room.draw) return [effect("effect.draw.none")];
  const effects = [effect("effect.draw", { time: after.opens_at })];
  if (now.waiting > 0) effects.push(effect("effect.draw.waiting", { n: now.waiting }, "warn"));
  return effects;
}

const NO_ROOM = {
  active_max: null,
  window: null,
  pass_ms: null,
  draw: false,
  classes: [],
  closed_loop: null,
  waiting_list: false,
  no_shows: null,
};
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// What of the room's fields the change would make another.
export function changed_fields(room, change) {
  const before = room ?? NO_ROOM;
  return Object.keys(NO_ROOM).filter((name) => name in change && !same(change[name], before[name]));
}

// What of the change would make anything another, an opening included.
export function changes_of(now, change) {
  const names = changed_fields(now.room, change);
  const time = (moment) => (moment === null ? null : Date.parse(moment));
  if ("opens_at" in change && time(change.opens_at) !== time(now.opens_at)) names.push("opens_at");
  return Object.fromEntries(names.map((name) => [name, change[name]]));
}

function room_effects(now, after, change) {
  const changed = changed_fields(now.room, change);
  const effects = [];
  if (!now.room && (changed.length || !("sale" in change))) effects.push(effect("effect.room.new"));
  if (changed.includes("active_max")) effects.push(...change_of_limit(now, after));
  if (changed.includes("window")) effects.push(...change_of_window(now, after));
  if (changed.includes("pass_ms")) {
    const ms = after.room.pass_ms;
    effects.push(ms === null ? effect("effect.pass.default") : effect("effect.pass", { ms }));
  }
  if (changed.includes("waiting_list")) {
    effects.push(
      effect(after.room.waiting_list ? "effect.waiting_list" : "effect.waiting_list.none"),
    );
  }
  if (changed.includes("classes")) effects.push(...change_of_classes(now, after));
  if (changed.includes("closed_loop")) effects.push(...change_of_loop(now, after));
  if (changed.includes("no_shows")) effects.push(...change_of_no_shows(now, after));
  if (changed.includes("draw")) effects.push(...change_of_draw(now, after));
  return effects;
}

export function effects_of(now, change) {
  const { sale, opens_at, ...limits } = change;
  const has_limits = Object.keys(limits).length > 0;
  const room = now.room || has_limits ? { ...NO_ROOM, ...now.room, ...limits } : null;
  const loop = room?.closed_loop ? { limit: first_limit(now, room.closed_loop) } : null;
  const after = { ...now, opens_at: opens_at ?? now.opens_at, room, loop };
  const effects = [];
  if (sale) effects.push(...SALES[sale](now, after));
  else if (opens_at) effects.push(...change_of_opening(now, after));
  if (has_limits) effects.push(...room_effects(now, after, change));
  if (!effects.length) return [effect("effect.nothing")];
  const is_felt = Object.keys(limits).some((name) => name !== "draw");
  if (is_felt && !LETS_IN.includes(sale ?? now.sale)) effects.push(effect("effect.not_now"));
  return effects;
}

// How many a minute the room lets in at most; null: any number.
export function per_minute(room) {
  return room?.window ? (room.window.admit_max * MINUTE) / room.window.window_ms : null;
}
