import assert from "node:assert/strict";
import { test } from "node:test";
import { Choice } from "../../server/web/choice.js";
import { end_of_row, Hall, instead_of, next_seat } from "../../server/web/hall.js";

const won = (amount) => ({ amount, currency: "KRW" });

// Two sections of three rows of six, one behind the other; the plan's unit is 25.
function answer({ plan = true, areas } = {}) {
  const seats = [];
  for (const [at, section] of ["Stalls", "Balcony"].entries()) {
    for (let row = 1; row <= 3; ++row) {
      for (let place = 1; place <= 6; ++place) {
        seats.push({
          number: seats.length + 1,
          label: `Row ${row} Seat ${place}`,
          section,
          row: String(row),
          x: plan ? place * 25 : null,
          y: plan ? at * 200 + row * 25 : null,
          price: won(at ? 30_000 : 90_000),
          status: "available",
        });
      }
    }
  }
  return { performance_id: "p", date: "2026-12-24", revision: 10, seats, areas };
}

const numbers = (seats) => seats.map((seat) => seat?.number ?? null);

test("neighbours are the same distance apart, whatever the plan's unit is", () => {
  const hall = new Hall(answer());
  assert.ok(hall.has_plan);
  assert.equal(hall.seat(2).x - hall.seat(1).x, 10);
  assert.equal(hall.seat(7).y - hall.seat(1).y, 10);
});

test("without a plan the seats stand in a numbered grid, none on another", () => {
  for (const given of [answer({ plan: false }), bare(50), bare(1), bare(60_000)]) {
    const hall = new Hall(given);
    assert.ok(!hall.has_plan);
    const places = new Set(hall.seats.map(({ x, y }) => `${x} ${y}`));
    assert.equal(places.size, hall.seats.length);
  }
});

function bare(count) {
  const seats = Array.from({ length: count }, (_none, i) => ({
    number: i + 1,
    label: String(i + 1),
    section: "",
    row: "",
    x: null,
    y: null,
    price: won(50_000),
    status: "available",
  }));
  return { performance_id: "p", date: "2026-12-24", revision: 1, seats };
}

test("prices have a category each, the highest first", () => {
  const hall = new Hall(answer());
  assert.deepEqual(hall.prices, [won(90_000), won(30_000)]);
  assert.equal(hall.seat(1).category, 0);
  assert.equal(hall.seat(36).category, 1);
});

test("a change is taken once, and only where it is newer than what is known", () => {
  const hall = new Hall(answer());
  const held = { revision: 11, seats: [{ number: 3, status: "held" }] };
  assert.deepEqual(numbers(hall.apply(held)), [3]);
  assert.equal(hall.sections[0].free, 17);
  assert.equal(hall.apply(held), null);
  assert.equal(hall.apply({ revision: 9, seats: [{ number: 3, status: "available" }] }), null);
  assert.equal(hall.seat(3).status, "held");
  assert.deepEqual(
    numbers(hall.apply({ revision: 12, seats: [{ number: 3, status: "held" }] })),
    [],
  );
});

test("what was refused is marked at once, and the next change still counts", () => {
  const hall = new Hall(answer());
  assert.deepEqual(numbers(hall.mark([4, 5], "held")), [4, 5]);
  assert.equal(hall.sections[0].free, 16);
  assert.deepEqual(numbers(hall.mark([4], "held")), []);
  assert.deepEqual(numbers(hall.apply({ revision: 11, seats: [{ number: 4, status: "sold" }] })), [
    4,
  ]);
});

test("all anew tells what has changed, and counts again", () => {
  const hall = new Hall(answer());
  const given = answer();
  given.revision = 2; // the server has started anew
  given.seats[0].status = "sold";
  given.seats[35].status = "blocked";
  assert.deepEqual(numbers(hall.replace(given)), [1, 36]);
  assert.equal(hall.revision, 2);
  assert.equal(hall.free, 34);
});

test("seats that are not known, and areas, do no harm in a change", () => {
  const areas = [{ section: "Floor", price: won(1_000), total: 9, available: 9, held: 0, sold: 0 }];
  const hall = new Hall(answer({ areas }));
  const changed = hall.apply({
    revision: 11,
    seats: [{ number: 999, status: "sold" }],
    areas: [
      { section: "Floor", available: 4, held: 5, sold: 0 },
      { section: "None", available: 1 },
    ],
  });
  assert.deepEqual(changed, []);
  assert.equal(hall.area("Floor").available, 4);
  assert.equal(hall.free, 40);
});

test("arrows go to the next free seat, over those that are taken", () => {
  const hall = new Hall(answer());
  hall.apply({
    revision: 11,
    seats: [
      { number: 2, status: "sold" },
      { number: 8, status: "held" },
    ],
  });
  const go = (number, direction) => next_seat(hall, hall.seat(number), direction)?.number ?? null;
  assert.equal(go(1, "right"), 3);
  assert.equal(go(3, "left"), 1);
  assert.equal(go(1, "left"), null);
  assert.equal(go(1, "down"), 7);
  assert.equal(go(14, "up"), 7); // 8 is held; 7 and 9 are as near
  assert.equal(go(13, "down"), 19); // into the balcony
  assert.equal(go(19, "up"), 13);
  assert.equal(go(1, "up"), null);
});

test("Home and End go to the ends of the row that are free", () => {
  const hall = new Hall(answer());
  hall.apply({ revision: 11, seats: [{ number: 1, status: "sold" }] });
  assert.equal(end_of_row(hall.seat(4), false).number, 2);
  assert.equal(end_of_row(hall.seat(4), true).number, 6);
});

test("in place of lost seats the nearest of their price are offered, each once", () => {
  const hall = new Hall(answer());
  const seats = [13, 14].map((number) => ({ number, status: "held" }));
  hall.apply({ revision: 11, seats });
  const lost = [hall.seat(13), hall.seat(14)];
  const offers = instead_of(hall, lost, new Set([7]));
  assert.equal(offers.length, 2);
  assert.equal(new Set(numbers(offers)).size, 2);
  assert.ok(offers.every((seat) => seat.category === 0 && seat.number !== 7));
});

test("where nothing of that price is left something else is offered, or nothing", () => {
  const hall = new Hall(answer());
  const taken = (from, to) =>
    hall.seats.slice(from, to).map(({ number }) => ({ number, status: "sold" }));
  hall.apply({ revision: 11, seats: taken(0, 18) });
  assert.equal(instead_of(hall, [hall.seat(13)], new Set())[0].category, 1);
  hall.apply({ revision: 12, seats: taken(18, 36) });
  assert.deepEqual(instead_of(hall, [hall.seat(13)], new Set()), []);
});

test("a choice drops what somebody else has taken, and tells which", () => {
  const areas = [{ section: "Floor", price: won(1_000), total: 9, available: 9, held: 0, sold: 0 }];
  const hall = new Hall(answer({ areas }));
  const choice = new Choice();
  choice.toggle(20);
  choice.toggle(1);
  choice.toggle(5);
  choice.toggle(5);
  choice.set_area("Floor", 3);
  assert.equal(choice.count, 5);
  assert.equal(choice.total(hall), 123_000);
  assert.deepEqual(choice.request(), { seats: [1, 20], areas: [{ section: "Floor", count: 3 }] });
  hall.apply({ revision: 11, seats: [{ number: 1, status: "held" }] });
  assert.deepEqual(numbers(choice.drop_taken(hall)), [1]);
  choice.set_area("Floor", 0);
  assert.deepEqual(choice.request(), { seats: [20] });
  choice.clear();
  assert.deepEqual(choice.request(), {});
});
