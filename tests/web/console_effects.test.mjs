import assert from "node:assert/strict";
import { test } from "node:test";
import { changed_fields, effects_of } from "../../server/web/console/effects.js";

const ROOM = {
  active_max: 80,
  window: null,
  pass_ms: null,
  draw: false,
  classes: [],
  closed_loop: null,
  waiting_list: false,
  no_shows: null,
};
const NOW = {
  sale: "open",
  opens_at: null,
  waiting: 300,
  admitted: 80,
  room: ROOM,
  loop: null,
  now: "2026-12-01T10:00:00.000Z",
};

const told = (now, change) =>
  effects_of({ ...NOW, ...now }, change).map(({ name, values }) => {
    const said = Object.values(values).join(" ");
    return name.replace("effect.", "") + (said ? " " + said : "");
  });

test("raising the limit lets in as many more, and no more than wait", () => {
  assert.deepEqual(told({}, { active_max: 200 }), ["more_in 120"]);
  assert.deepEqual(told({ waiting: 15 }, { active_max: 200 }), ["more_in 15"]);
  assert.deepEqual(told({ waiting: 0, admitted: 3 }, { active_max: 200 }), ["more_ready 200"]);
  assert.deepEqual(told({}, { active_max: null }), ["no_limit 300"]);
});

test("lowering the limit sends nobody out, and says until when nobody goes in", () => {
  assert.deepEqual(told({}, { active_max: 50 }), ["fewer_than_in 80 50"]);
  assert.deepEqual(told({ admitted: 10 }, { active_max: 50 }), ["fewer 50"]);
});

test("a closed loop may allow less than the limit", () => {
  const room = { ...ROOM, closed_loop: { floor: 10, ceiling: 100 } };
  const at = { room, loop: { limit: 60 }, admitted: 60 };
  assert.deepEqual(told(at, { active_max: 500 }), ["more_ready 60"]);
});

test("a window says how fast the line goes in at best", () => {
  const window = { admit_max: 50, window_ms: 60_000 };
  assert.deepEqual(told({}, { window }), ["window 50 60000", "window.wait 300 360000"]);
  assert.deepEqual(told({ waiting: 10 }, { window }), ["window 50 60000"]);
  assert.deepEqual(told({ room: { ...ROOM, window } }, { window: null }), ["no_window"]);
});

test("what is as it was does nothing", () => {
  assert.deepEqual(told({}, { active_max: 80 }), ["nothing"]);
  assert.deepEqual(told({}, {}), ["nothing"]);
});

test("while nobody goes in, a change of limits says that it shows later", () => {
  assert.deepEqual(told({ sale: "paused" }, { active_max: 200 }), ["more_in 120", "not_now"]);
  assert.deepEqual(told({ sale: "draining" }, { active_max: 200 }), ["more_in 120"]);
});

test("opening lets in whom the room has space for, and no more than its window", () => {
  assert.deepEqual(told({ sale: "paused", admitted: 30 }, { sale: "open" }), ["open.in 50"]);
  const window = { admit_max: 20, window_ms: 1000 };
  const slow = { sale: "paused", admitted: 0, room: { ...ROOM, window } };
  assert.deepEqual(told(slow, { sale: "open" }), ["open.in 20"]);
  assert.deepEqual(told({ sale: "paused", waiting: 0 }, { sale: "open" }), ["open.ready"]);
  assert.deepEqual(told({ sale: "closed", admitted: 0 }, { sale: "open" }), [
    "open.again",
    "open.in 80",
  ]);
  assert.deepEqual(told({ sale: "paused", room: null }, { sale: "open" }), ["open.no_room"]);
});

test("before its time, opening says when, and opening now draws what is to be drawn", () => {
  const opens_at = "2026-12-01T11:00:00.000Z";
  assert.deepEqual(told({ sale: "scheduled", opens_at }, { sale: "open" }), [
    "open.later " + opens_at,
  ]);
  const drawn = { sale: "scheduled", opens_at, admitted: 0, room: { ...ROOM, draw: true } };
  const now = { sale: "open", opens_at: NOW.now };
  assert.deepEqual(told(drawn, now), ["open.draw", "open.in 80"]);
});

test("pausing, draining and closing say what becomes of whom", () => {
  assert.deepEqual(told({}, { sale: "paused" }), ["pause", "pause.join", "pause.inside 80"]);
  assert.deepEqual(told({}, { sale: "draining" }), ["drain", "drain.waiting 300"]);
  assert.deepEqual(told({}, { sale: "closed" }), [
    "close",
    "close.waiting 300",
    "close.held",
    "close.again",
  ]);
  assert.deepEqual(told({ waiting: 0 }, { sale: "closed" }), [
    "close",
    "close.held",
    "close.again",
  ]);
});

test("a concert without a room gets one by any limit", () => {
  const at = { room: null, waiting: 0, admitted: 0 };
  assert.deepEqual(told(at, { active_max: 10 }), ["room.new", "fewer 10"]);
});

const classes = [
  { name: "general", weight: 1, allotment: "kept" },
  { name: "fans", weight: 3, allotment: "kept" },
];

test("classes say whose weight and whose seats", () => {
  const change = [
    { name: "general", weight: 2, allotment: "kept" },
    { name: "fans", weight: 3, allotment: "released" },
  ];
  assert.deepEqual(told({ room: { ...ROOM, classes } }, { classes: change }), [
    "class.weight general 2",
    "class.released fans",
  ]);
});

test("a new class says its share, and that it stays", () => {
  assert.deepEqual(told({}, { classes }), ["class.share fans 75", "class.stays"]);
  const third = { name: "press", weight: 4, allotment: "kept" };
  assert.deepEqual(told({ room: { ...ROOM, classes } }, { classes: [...classes, third] }), [
    "class.share press 50",
    "class.stays",
  ]);
  const weights = [{ ...classes[0], weight: 2 }, classes[1]];
  assert.deepEqual(told({}, { classes: weights }), [
    "class.weight general 2",
    "class.share fans 60",
    "class.stays",
  ]);
});

test("an opening that is set says when, who waits for it, and what becomes of whom is in", () => {
  const opens_at = "2026-12-01T11:00:00.000Z";
  const later = "2026-12-01T12:00:00.000Z";
  assert.deepEqual(told({ sale: "scheduled", opens_at }, { opens_at: later }), [
    "opens_at " + later,
    "opens_at.waiting 300",
  ]);
  // Of a sale that is open it takes away what it had.
  assert.deepEqual(told({}, { opens_at }), [
    "opens_at " + opens_at,
    "opens_at.shuts",
    "opens_at.inside 80",
  ]);
  const drawn = { sale: "scheduled", opens_at, room: { ...ROOM, draw: true }, waiting: 0 };
  assert.deepEqual(told(drawn, { opens_at: later }), [
    "opens_at " + later,
    "opens_at.draw " + later,
  ]);
});

test("an opening that is over opens the sale, unless it is held shut", () => {
  const opens_at = "2026-12-01T11:00:00.000Z";
  const past = "2026-12-01T09:00:00.000Z";
  const at = { sale: "scheduled", opens_at, admitted: 0 };
  assert.deepEqual(told(at, { opens_at: past }), ["opens_at.past", "open.in 80"]);
  const drawn = { ...at, room: { ...ROOM, draw: true } };
  assert.deepEqual(told(drawn, { opens_at: past }), ["opens_at.past", "open.draw", "open.in 80"]);
  assert.deepEqual(told({}, { opens_at: past }), ["opens_at.no_matter"]);
  for (const sale of ["paused", "draining", "closed"]) {
    assert.deepEqual(told({ sale, opens_at }, { opens_at: past }), ["opens_at.not_open"], sale);
  }
  assert.deepEqual(told({ sale: "paused" }, { opens_at }), [
    "opens_at.only " + opens_at,
    "opens_at.inside 80",
  ]);
});

const LOOP = { floor: 50, ceiling: 2_000, add: 20, cut: 50, every_ms: 1_000 };

test("a closed loop says between what it moves, how, by what, and with how many it begins", () => {
  const closed_loop = { ...LOOP, load_max: 0.8, commit_ms_max: 20, seats_per_pass_min: 2 };
  assert.deepEqual(told({}, { closed_loop }), [
    "loop 50 2000",
    "loop.steps 20 50 1000",
    "loop.load 0.8",
    "loop.load.unknown",
    "loop.commit 20",
    "loop.seats 2",
    "loop.begins 80",
  ]);
  assert.deepEqual(told({ admitted: 3 }, { closed_loop: { ...LOOP, commit_ms_max: 20 } }), [
    "loop 50 2000",
    "loop.steps 20 50 1000",
    "loop.commit 20",
    "loop.begins 50",
  ]);
});

test("a closed loop that is changed keeps its limit within the new bounds; taken away it frees", () => {
  const room = { ...ROOM, active_max: 500, closed_loop: { ...LOOP, commit_ms_max: 20 } };
  const at = { room, loop: { limit: 80, load: null }, admitted: 80 };
  const change = { ...LOOP, floor: 100, commit_ms_max: 20 };
  assert.deepEqual(told(at, { closed_loop: change }), [
    "loop 100 2000",
    "loop.steps 20 50 1000",
    "loop.commit 20",
    "loop.keeps 100",
    "more_in 20",
  ]);
  const lower = { ...LOOP, ceiling: 60, load_max: 0.8 };
  assert.deepEqual(told({ ...at, loop: { limit: 80, load: 0.2 } }, { closed_loop: lower }), [
    "loop 50 60",
    "loop.steps 20 50 1000",
    "loop.load 0.8",
    "loop.keeps 60",
    "fewer_than_in 80 60",
  ]);
  assert.deepEqual(told(at, { closed_loop: null }), ["loop.none", "more_in 300"]);
});

test("a rule for no-shows says who is passed over and when the place is lost", () => {
  const no_shows = { silent_ms: 120_000, grace_ms: 600_000 };
  assert.deepEqual(told({}, { no_shows }), ["no_shows 120000", "no_shows.lost 600000"]);
  const at = { room: { ...ROOM, no_shows }, passed_over: 7 };
  assert.deepEqual(told(at, { no_shows: null }), ["no_shows.none", "no_shows.back 7"]);
  assert.deepEqual(told({ ...at, passed_over: 0 }, { no_shows: null }), ["no_shows.none"]);
});

test("a draw says that it takes the order of those who wait, and when", () => {
  const opens_at = "2026-12-01T11:00:00.000Z";
  const at = { sale: "scheduled", opens_at };
  assert.deepEqual(told(at, { draw: true }), ["draw " + opens_at, "draw.waiting 300"]);
  assert.deepEqual(told({ ...at, waiting: 0 }, { draw: true }), ["draw " + opens_at]);
  assert.deepEqual(told({ ...at, room: { ...ROOM, draw: true } }, { draw: false }), ["draw.none"]);
});

test("passes and the waiting list say so", () => {
  assert.deepEqual(told({}, { pass_ms: 300_000 }), ["pass 300000"]);
  assert.deepEqual(told({ room: { ...ROOM, pass_ms: 1 } }, { pass_ms: null }), ["pass.default"]);
  assert.deepEqual(told({}, { waiting_list: true }), ["waiting_list"]);
});

test("only what is another is a change", () => {
  const window = { admit_max: 5, window_ms: 1000 };
  assert.deepEqual(changed_fields(ROOM, { ...ROOM, window }), ["window"]);
  assert.deepEqual(changed_fields({ ...ROOM, window }, { window: { ...window } }), []);
  assert.deepEqual(changed_fields(null, { active_max: null, waiting_list: true }), [
    "waiting_list",
  ]);
});
