import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  clock_text,
  date_text,
  duration_text,
  exact_text,
  money_text,
  range_text,
  starts_text,
  typed_amount,
  typed_text,
} from "../../server/web/format.js";
import { set_language } from "../../server/web/i18n.js";

const minutes = (n) => n * 60_000;

beforeEach(() => set_language("en"));

test("amounts count minor units, of which won have none", () => {
  assert.equal(money_text({ amount: 150_000, currency: "KRW" }), "₩150,000");
  assert.equal(money_text({ amount: 150_050, currency: "EUR" }), "€1,500.50");
  set_language("ko");
  assert.equal(money_text({ amount: 150_000, currency: "KRW" }), "₩150,000");
});

test("numbers are written as the reader's country has it", () => {
  set_language("en", ["de-DE", "en-IN"]);
  assert.equal(money_text({ amount: 12_345_678, currency: "KRW" }), "₩1,23,45,678");
});

test("what is typed is an amount, or it is none", () => {
  assert.equal(typed_amount("50000", "KRW"), 50_000);
  assert.equal(typed_amount(" 50,000 ", "KRW"), 50_000);
  assert.equal(typed_amount("12.50", "EUR"), 1_250);
  for (const text of ["", "0", "-5", "x", "1.5", "1e3", "99999999999999999999"]) {
    assert.equal(typed_amount(text, "KRW"), null, text);
  }
  assert.equal(typed_amount("1.005", "EUR"), null);
});

test("an amount can be typed as it is suggested", () => {
  for (const currency of ["KRW", "EUR", "KWD"]) {
    assert.equal(typed_amount(typed_text(123_456, currency), currency), 123_456);
  }
});

test("a concert starts when the clock on the hall's wall says so", () => {
  assert.match(
    starts_text("2026-12-24T19:00:00.000+09:00"),
    /Thursday, December 24, 2026.*7:00.PM/u,
  );
  assert.match(date_text("2026-12-24"), /Thursday, December 24, 2026/);
  set_language("ko");
  assert.match(starts_text("2026-12-24T19:00:00.000+09:00"), /2026년 12월 24일.*(오후|PM) 7:00/);
});

test("a countdown counts seconds that have begun, and says 0:00 only at the end", () => {
  assert.equal(clock_text(300_000), "5:00");
  assert.equal(clock_text(59_001), "1:00");
  assert.equal(clock_text(1), "0:01");
  assert.equal(clock_text(0), "0:00");
  assert.equal(clock_text(3_725_000), "1:02:05");
  assert.equal(clock_text(2 * 86_400_000 + 3_725_000), "2 days 1:02:05");
});

test("durations are in words", () => {
  assert.equal(duration_text(20_000), "20 seconds");
  assert.equal(duration_text(minutes(1)), "1 minute");
  assert.equal(duration_text(minutes(120)), "2 hours");
  set_language("ko");
  assert.equal(duration_text(minutes(5)), "5분");
});

test("a wait is a range, no finer than can be known", () => {
  assert.equal(range_text({ min: 1_000, max: 40_000 }), "less than a minute");
  assert.equal(range_text({ min: minutes(2), max: minutes(3.5) }), "2 to 4 minutes");
  assert.equal(range_text({ min: minutes(0.2), max: minutes(1) }), "1 minute");
  assert.equal(range_text({ min: minutes(30), max: minutes(150) }), "30 minutes to 3 hours");
  assert.equal(range_text({ min: minutes(118), max: minutes(122) }), "2 hours");
});

test("a time that somebody has set is written as it is, in the largest unit that fits", () => {
  assert.equal(exact_text(90_000), "90 seconds");
  assert.equal(exact_text(1_500), "1.5 seconds");
  assert.equal(exact_text(minutes(1)), "1 minute");
  assert.equal(exact_text(minutes(90)), "90 minutes");
  assert.equal(exact_text(minutes(120)), "2 hours");
});
