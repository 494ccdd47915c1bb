import assert from "node:assert/strict";
import { test } from "node:test";
import { passed_mark, ServerClock } from "../../server/web/clock.js";

const NOON = "2026-12-01T12:00:00.000Z";

function clock_at(start = 1_000) {
  let elapsed = start;
  const clock = new ServerClock(() => elapsed);
  return { clock, pass: (ms) => (elapsed += ms) };
}

test("time is the server's, however wrong the clock of the machine is", () => {
  const { clock, pass } = clock_at();
  clock.heard(NOON, 1_000);
  pass(2_500);
  assert.equal(clock.now(), Date.parse(NOON) + 2_500);
  assert.equal(clock.until("2026-12-01T12:00:10.000Z"), 7_500);
});

test("what is over has no time left, and not less than none", () => {
  const { clock, pass } = clock_at();
  clock.heard(NOON, 1_000);
  pass(60_000);
  assert.equal(clock.until("2026-12-01T12:00:10.000Z"), 0);
});

test("before the server has spoken nothing is known", () => {
  const { clock } = clock_at();
  assert.equal(clock.now(), null);
  assert.equal(clock.until(NOON), null);
});

test("a slow answer does not spoil what a quick one has told", () => {
  const { clock, pass } = clock_at();
  clock.heard(NOON, 1_000);
  const sent_at = clock.elapsed();
  pass(4_000);
  // Said just before it arrived, so its middle is two seconds off.
  clock.heard("2026-12-01T12:00:04.000Z", sent_at);
  assert.equal(clock.now(), Date.parse(NOON) + 4_000);
});

test("after a minute a slow answer is better than an old one", () => {
  const { clock, pass } = clock_at();
  clock.heard(NOON, 1_000);
  pass(61_000);
  const sent_at = clock.elapsed();
  pass(2_000);
  clock.heard("2026-12-01T13:00:00.000Z", sent_at);
  assert.equal(clock.now(), Date.parse("2026-12-01T13:00:01.000Z"));
});

test("a mark is told once, when the countdown comes down to it", () => {
  const marks = [300_000, 60_000, 20_000];
  assert.equal(passed_mark(marks, 300_500, 299_500), 300_000);
  assert.equal(passed_mark(marks, 299_500, 298_500), null);
  assert.equal(passed_mark(marks, 60_001, 60_000), 60_000);
  assert.equal(passed_mark(marks, 60_000, 59_000), null);
});

test("a page that has slept tells the least of the marks it missed", () => {
  assert.equal(passed_mark([300_000, 60_000, 20_000], 310_000, 12_000), 20_000);
});
