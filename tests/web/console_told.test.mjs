import assert from "node:assert/strict";
import { test } from "node:test";
import { file_name, plain_name } from "../../server/web/console/file_names.js";
import { concert_of, look_into, with_offset } from "../../server/web/console/plan_file.js";
import { holder_of, parse_search, told, with_ids } from "../../server/web/console/told.js";

const ID = "5d0c9a2e-7f31-4b68-8e4d-9a1b2c3d4e5f";
const OTHER = "2b7d1c34-6e0a-4f5b-9c58-1d2e3f4a5b6c";

test("an event tells who, what and where to look further", () => {
  const story = told({
    event: "reservation.held",
    stream: "performance",
    stream_id: OTHER,
    facts: {
      user: ID,
      place: 12,
      items: [{ reservation: ID, seats: [7, 8] }],
      amount: { amount: 100, currency: "KRW" },
      until: "2026-12-01T10:00:00.000Z",
    },
  });
  assert.equal(story.name, "told.reservation.held");
  assert.deepEqual(story.values.seats, [7, 8]);
  assert.equal(story.values.place, 12);
  assert.deepEqual(
    story.things.map(({ kind }) => kind),
    ["user", "reservation", "performance"],
  );
});

test("a release says why, an admission by whom, and a new kind of event its name", () => {
  const name = (event, facts) => told({ event, facts, stream: "room", stream_id: ID }).name;
  assert.equal(name("reservation.released", {}), "told.reservation.released");
  assert.equal(name("reservation.released", { payment: ID }), "told.reservation.released.paid");
  assert.equal(name("reservation.released", { actor: "eve" }), "told.reservation.released.by");
  assert.equal(name("pass.admitted", {}), "told.pass.admitted");
  assert.equal(name("pass.admitted", { actor: "eve" }), "told.pass.admitted.by");
  assert.equal(name("seat.repainted", {}), "told.other");
});

test("who has a seat is whoever held or paid it last", () => {
  const event = (name, reservation, seats) => ({
    event: name,
    facts: { items: [{ reservation, seats }] },
  });
  const held = event("reservation.held", ID, [7, 8]);
  assert.equal(holder_of([held], 7), ID);
  assert.equal(holder_of([held], 9), null);
  assert.equal(holder_of([held, event("reservation.expired", ID, [7, 8])], 7), null);
  const again = event("reservation.held", OTHER, [7]);
  assert.equal(holder_of([held, event("reservation.released", ID, [7, 8]), again], 7), OTHER);
  assert.equal(
    holder_of([{ event: "seats.blocked", facts: { items: [{ seats: [7] }] } }], 7),
    null,
  );
});

test("an id may be typed alone, with a seat, or with a place", () => {
  assert.deepEqual(parse_search(` ${ID.toUpperCase()} `), { id: ID, seat: null, place: null });
  assert.deepEqual(parse_search(ID + " seat 7"), { id: ID, seat: "7", place: null });
  assert.deepEqual(parse_search("좌석 7번 " + ID), { id: ID, seat: "7", place: null });
  assert.deepEqual(parse_search(ID + " #12"), { id: ID, seat: null, place: "12" });
  assert.deepEqual(parse_search(ID + " place 12"), { id: ID, seat: null, place: "12" });
  for (const text of ["", "seat 7", ID + " " + OTHER, ID + " row 7", ID.slice(1)]) {
    assert.equal(parse_search(text), null, text);
  }
});

test("ids in a text can be followed", () => {
  assert.deepEqual(with_ids(`bought by user ${ID}, reservation ${OTHER}`), [
    { text: "bought by user " },
    { id: ID },
    { text: ", reservation " },
    { id: OTHER },
  ]);
  assert.deepEqual(with_ids("free"), [{ text: "free" }]);
});

test("a file has a name that every system takes, and that says what it is", () => {
  const now = "2026-12-01T10:03:22.000Z";
  assert.equal(file_name("Winter Songs", "sales", now), "winter-songs-sales-2026-12-01-1003.csv");
  assert.equal(plain_name("겨울 노래 / 2026"), "겨울-노래-2026");
  assert.equal(plain_name("../../etc/passwd"), "etc-passwd");
  assert.equal(plain_name("=cmd|' /C calc'!A0"), "cmd-c-calc-a0");
  assert.equal(plain_name("???"), "concert");
  assert.equal([...plain_name("가".repeat(500))].length, 60);
});

const PLAN = {
  name: "Town Hall",
  categories: [{ name: "Stalls" }, { name: "Balcony" }, { name: "Unused" }],
  zones: [
    { rows: [{ seats: [{ category: "Balcony" }, { category: "Stalls" }] }] },
    { rows: [{ seats: [{ category: "Stalls" }] }] },
  ],
};

test("a file is a concert, a seating plan, or for the server to refuse", () => {
  assert.equal(look_into('{"title": "Winter Songs", "performances": []}').kind, "concert");
  assert.equal(look_into('{"zones": [], "performances": []}').kind, "concert");
  assert.equal(look_into("[1]").kind, "concert");
  assert.equal(look_into("null").kind, "concert");
  assert.equal(look_into("<xml/>").kind, "unknown");
  const plan = look_into(JSON.stringify(PLAN));
  assert.equal(plan.kind, "plan");
  assert.equal(plan.name, "Town Hall");
  assert.equal(plan.seats, 3);
  assert.deepEqual(plan.categories, ["Stalls", "Balcony"]);
  assert.equal(look_into('{"zones": [null, {"rows": [null]}]}').seats, 0);
});

test("a form's time has the offset of where it was typed", () => {
  assert.equal(
    with_offset("2026-12-24T19:00", () => -540),
    "2026-12-24T19:00:00+09:00",
  );
  assert.equal(
    with_offset("2026-12-24T19:00:30", () => 210),
    "2026-12-24T19:00:30-03:30",
  );
  assert.equal(
    with_offset("2026-12-24T19:00", () => 0),
    "2026-12-24T19:00:00+00:00",
  );
});

test("a plan and its form are a concert as the server takes it", () => {
  const filled = {
    title: "Winter Songs",
    venue: "Town Hall",
    dates: ["2026-12-24T19:00"],
    prices: { Stalls: 100 },
    opens_at: "",
    active_max: null,
  };
  const concert = concert_of({ plan: PLAN }, filled);
  assert.deepEqual(Object.keys(concert), ["title", "venue", "performances", "plan", "prices"]);
  assert.match(concert.performances[0].starts_at, /^2026-12-24T19:00:00[+-]\d\d:\d\d$/);
  const roomy = concert_of(
    { plan: PLAN },
    { ...filled, active_max: 5, opens_at: "2026-12-01T10:00" },
  );
  assert.deepEqual(roomy.room, { active_max: 5 });
  assert.match(roomy.opens_at, /^2026-12-01T10:00:00/);
});
