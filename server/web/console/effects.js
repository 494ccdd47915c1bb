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

function open(now, after) {
  const effects = [];
  const is_early = after.opens_at && Date.parse(after.opens_at) > Date.parse(now.now);
  if (is_early) return [effect("effect.open.later", { time: after.opens_at })];
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
      effect("effect.window.wait", { n: now.waiting, ms: (now.waiting / n) * window_ms }),
    );
  }
  return effects;
}

function change_of_classes(now, after) {
  const before = new Map((now.room?.classes ?? []).map((one) => [one.name, one]));
  const effects = [];
  for (const { name, weight, allotment } of after.room.classes) {
    const was = before.get(name);
    if (!was) effects.push(effect("effect.class.new", { name }));
    else if (was.weight !== weight) effects.push(effect("effect.class.weight", { name, weight }));
    if (was && was.allotment !== allotment)
      effects.push(effect("effect.class." + allotment, { name }));
  }
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
  return effects;
}

export function effects_of(now, change) {
  const { sale, opens_at, ...limits } = change;
  const has_limits = Object.keys(limits).length > 0;
  const room = now.room || has_limits ? { ...NO_ROOM, ...now.room, ...limits } : null;
  const after = { ...now, opens_at: opens_at ?? now.opens_at, room };
  const effects = [];
  if (sale) effects.push(...SALES[sale](now, after));
  else if (opens_at) effects.push(effect("effect.opens_at", { time: opens_at }));
  if (has_limits) effects.push(...room_effects(now, after, change));
  if (!effects.length) return [effect("effect.nothing")];
  const is_later = has_limits && effects.length && !LETS_IN.includes(sale ?? now.sale);
  if (is_later) effects.push(effect("effect.not_now"));
  return effects;
}

// How many a minute the room lets in at most; null: any number.
export function per_minute(room) {
  return room?.window ? (room.window.admit_max * MINUTE) / room.window.window_ms : null;
}
