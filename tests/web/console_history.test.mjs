import assert from "node:assert/strict";
import { test } from "node:test";
import { History, MOST, sample_of } from "../../server/web/console/history.js";

const at_second = (second, more = {}) => ({
  at: second * 1000,
  waiting: 0,
  admitted: 0,
  held: 0,
  sold: 0,
  takings: 0,
  ...more,
});

test("a report becomes a sample", () => {
  const report = {
    now: "1970-01-01T00:00:05.000Z",
    waiting: 1,
    admitted: 2,
    seats: { free: 9, held: 3, sold: 4, blocked: 5 },
    takings: { amount: 6, currency: "KRW" },
  };
  const sample = { at: 5000, waiting: 1, admitted: 2, held: 3, sold: 4, takings: 6 };
  assert.deepEqual(sample_of(report), sample);
});

test("it never keeps more than so many, the newest as they came, and never loses its beginning", () => {
  const history = new History();
  for (let second = 0; second < 20_000; ++second) {
    history.add(at_second(second));
    assert.ok(history.samples.length <= MOST);
  }
  assert.equal(history.samples[0].at, 0);
  const newest = history.samples.slice(-100).map(({ at }) => at / 1000);
  assert.deepEqual(
    newest,
    Array.from({ length: 100 }, (_, i) => 19_900 + i),
  );
  const times = history.samples.map(({ at }) => at);
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
});

test("an answer that is older than the last is not kept", () => {
  const history = new History();
  history.add(at_second(5));
  history.add(at_second(5));
  history.add(at_second(4));
  assert.equal(history.samples.length, 1);
});

test("the pace is that of the last minute", () => {
  const history = new History();
  assert.equal(history.rate, null);
  history.add(at_second(0));
  assert.equal(history.rate, null);
  history.add(at_second(30, { sold: 10 }));
  assert.equal(history.rate, 20);
  // Two a second from then on.
  for (let second = 31; second <= 120; ++second) {
    history.add(at_second(second, { sold: 10 + (second - 30) * 2 }));
  }
  assert.equal(history.rate, 120);
  // A refund of all of them is no negative sale.
  history.add(at_second(121, { sold: 0 }));
  assert.equal(history.rate, 0);
});

test("the rows of the table are few, and the newest comes first", () => {
  const history = new History();
  for (let second = 0; second < 100; ++second) history.add(at_second(second));
  const rows = history.rows(30).map(({ at }) => at / 1000);
  assert.equal(rows[0], 99);
  assert.ok(rows.length <= 30 && rows.length > 20);
  assert.deepEqual(
    rows,
    [...rows].sort((a, b) => b - a),
  );
});
