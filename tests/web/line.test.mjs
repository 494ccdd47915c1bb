import assert from "node:assert/strict";
import { test } from "node:test";
import { has_estimate, notice_of, progress_of, stage_of, title_of } from "../../server/web/line.js";

const waiting = { status: "waiting", sale: "open", position: 120, ahead: 119 };

test("each status of a place has its view", () => {
  assert.equal(stage_of(null), "intro");
  const stages = {
    waiting: "line",
    admitted: "shop",
    spent: "ticket",
    expired: "ended",
    left: "ended",
  };
  for (const [status, stage] of Object.entries(stages)) assert.equal(stage_of({ status }), stage);
});

test("who waits is told of every state of the sale but the usual one", () => {
  assert.equal(notice_of(waiting, false), null);
  for (const sale of ["paused", "draining", "sold_out", "closed"]) {
    assert.equal(notice_of({ ...waiting, sale }, false), "line." + sale);
  }
});

test("of a draw is told as long as it is to come", () => {
  const before = { ...waiting, sale: "scheduled", position: null };
  assert.equal(notice_of(before, true), "line.draw");
  assert.equal(notice_of(before, false), null);
  assert.equal(notice_of({ ...before, position: 4 }, true), null);
});

test("there is an estimate only where people are let in", () => {
  assert.ok(has_estimate(waiting));
  assert.ok(has_estimate({ ...waiting, sale: "draining" }));
  assert.ok(!has_estimate({ ...waiting, sale: "paused" }));
  assert.ok(!has_estimate({ ...waiting, sale: "sold_out" }));
  assert.ok(!has_estimate({ ...waiting, position: null }));
});

test("progress goes from where one has joined to the front, and never beyond", () => {
  const at = (position) => ({ position, sale: "open" });
  assert.equal(progress_of(101, at(101)), 0);
  assert.equal(progress_of(101, at(51)), 0.5);
  assert.equal(progress_of(101, at(1)), 1);
  assert.equal(progress_of(101, at(140)), 0);
  assert.equal(progress_of(1, at(1)), 1);
  assert.equal(progress_of(null, at(5)), null);
  assert.equal(progress_of(5, at(null)), null);
});

test("there is no progress towards seats that are sold, or a sale that is closed", () => {
  assert.equal(progress_of(101, { position: 51, sale: "sold_out" }), null);
  assert.equal(progress_of(101, { position: 51, sale: "closed" }), null);
  assert.equal(progress_of(101, { position: 51, sale: "paused" }), 0.5);
});

test("the title tells the position, and then the turn", () => {
  assert.deepEqual(title_of(waiting), { name: "line.title", n: 120 });
  assert.deepEqual(title_of({ ...waiting, position: null }), { name: "line.title.drawn" });
  assert.deepEqual(title_of({ ...waiting, status: "admitted" }), { name: "line.title.turn" });
  assert.deepEqual(title_of(null), { name: "page.title" });
});
