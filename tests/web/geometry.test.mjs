import assert from "node:assert/strict";
import { test } from "node:test";
import { contains, outline_of, SeatIndex, Viewport } from "../../server/web/geometry.js";

// The same numbers each time.
function random(seed) {
  return () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

function points(count, seed) {
  const next = random(seed);
  return Array.from({ length: count }, () => ({
    x: next() * 4_000 - 2_000,
    y: next() * 3_000 - 900,
  }));
}

test("the index finds the same seats as looking at all of them", () => {
  const seats = points(5_000, 1);
  const index = new SeatIndex(seats);
  const next = random(2);
  for (let i = 0; i < 200; ++i) {
    const [left, top] = [next() * 4_000 - 2_200, next() * 3_000 - 1_000];
    const box = { left, top, right: left + next() * 1_500, bottom: top + next() * 1_500 };
    const all = seats.flatMap((seat, at) => (contains(box, seat) ? [at] : []));
    assert.deepEqual(
      index.within(box).sort((a, b) => a - b),
      all,
    );
  }
});

test("where there are too many, one more than asked for tells so", () => {
  const index = new SeatIndex(points(5_000, 1));
  const box = { left: -3_000, top: -3_000, right: 3_000, bottom: 3_000 };
  assert.equal(index.within(box, 3_000).length, 3_001);
});

test("an outline has all points on one side of each of its edges", () => {
  for (let seed = 1; seed < 30; ++seed) {
    const all = points(40, seed);
    const outline = outline_of(all);
    outline.forEach((a, i) => {
      const b = outline[(i + 1) % outline.length];
      for (const p of all) {
        const side = (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
        assert.ok(side >= -1e-6);
      }
    });
  }
});

test("a row in one line, and a single seat, have an outline too", () => {
  const line = [0, 10, 20, 30].map((x) => ({ x, y: 5 }));
  assert.deepEqual(
    outline_of(line).map(({ x }) => x),
    [0, 30],
  );
  assert.equal(outline_of([{ x: 1, y: 1 }]).length, 1);
});

const HALL = { left: 0, top: 0, right: 2_000, bottom: 1_000 };

test("the whole hall is seen at first", () => {
  const view = new Viewport(HALL, 400, 400);
  const box = view.box();
  assert.ok(box.left <= 0 && box.top <= 0 && box.right >= 2_000 && box.bottom >= 1_000);
});

test("what is below the finger stays there while one zooms", () => {
  const view = new Viewport(HALL, 400, 400);
  const before = view.point(210, 190);
  view.zoom(2, 210, 190);
  const after = view.point(210, 190);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-6);
});

test("nobody zooms out beyond the hall, or pans away from it", () => {
  const view = new Viewport(HALL, 400, 400);
  view.zoom(0.01);
  assert.equal(view.scale, view.least_scale);
  view.zoom(100);
  assert.ok(view.scale <= 5);
  for (let i = 0; i < 50; ++i) view.pan(-400, -400);
  assert.ok(contains(HALL, view));
});

test("a seat out of sight is brought well inside, and one in sight moves nothing", () => {
  const view = new Viewport(HALL, 400, 400);
  view.zoom(20);
  assert.ok(view.reveal({ x: 100, y: 50 }));
  assert.ok(contains(view.box(-0.1), { x: 100, y: 50 }));
  assert.ok(!view.reveal({ x: view.x, y: view.y }));
});
