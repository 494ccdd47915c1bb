import assert from "node:assert/strict";
import { test } from "node:test";
import {
  line_path,
  nearest_index,
  Scale,
  time_ticks,
  value_ticks,
} from "../../server/web/console/scale.js";

test("the values beside a chart are round, whole, few, and none lies above them", () => {
  assert.deepEqual(value_ticks(0), [0, 1]);
  assert.deepEqual(value_ticks(1), [0, 1]);
  assert.deepEqual(value_ticks(7), [0, 2, 4, 6, 8]);
  assert.deepEqual(value_ticks(100), [0, 25, 50, 75, 100]);
  assert.deepEqual(value_ticks(1_010), [0, 500, 1000, 1500]);
  for (let most = 1; most < 3_000_000_000; most = Math.ceil(most * 1.37)) {
    const ticks = value_ticks(most);
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${most}: ${ticks}`);
    assert.ok(ticks.at(-1) >= most && ticks.every(Number.isInteger), `${most}: ${ticks}`);
  }
});

test("the times below a chart are round and few", () => {
  const minute = 60_000;
  assert.deepEqual(
    time_ticks(0, 5 * minute, 5),
    [0, 1, 2, 3, 4, 5].map((n) => n * minute),
  );
  assert.deepEqual(time_ticks(1, 40_000, 4), [10_000, 20_000, 30_000, 40_000]);
  for (let ms = 1_000; ms < 4 * 86_400_000; ms *= 1.5) {
    assert.ok(time_ticks(12_345, 12_345 + ms, 5).length <= 6);
  }
});

test("points lie between the edges, and later ones further right", () => {
  const box = { left: 50, top: 10, right: 250, bottom: 110 };
  const scale = new Scale(box, { from: 1000, to: 3000 }, 20);
  assert.equal(scale.x(1000), 50);
  assert.equal(scale.x(2000), 150);
  assert.equal(scale.y(0), 110);
  assert.equal(scale.y(20), 10);
  assert.equal(scale.at(150), 2000);
  assert.equal(scale.at(-10), 1000);
  assert.equal(scale.at(999), 3000);
});

test("a line goes through all points, and straight where nothing changes", () => {
  const scale = new Scale({ left: 0, top: 0, right: 40, bottom: 10 }, { from: 0, to: 4 }, 10);
  const points = [0, 0, 0, 5, 10].map((value, at) => ({ at, value }));
  assert.equal(line_path(points, scale), "M0.0 10.0L20.0 10.0L30.0 5.0L40.0 0.0");
  assert.equal(line_path([{ at: 0, value: 0 }], scale), "M0.0 10.0");
});

test("what is pointed at is the nearest", () => {
  const points = [{ at: 0 }, { at: 10 }, { at: 20 }];
  assert.equal(nearest_index(points, 14), 1);
  assert.equal(nearest_index(points, 16), 2);
  assert.equal(nearest_index([], 16), -1);
});
