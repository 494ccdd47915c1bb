import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../../server/web/sse.js";

const STREAM =
  ': hello\n\nid: 7\nevent: place\ndata: {"position": 3}\n\nevent: hold\r\ndata: a\r\ndata: b\r\n\r\n';

test("events are taken as they come, comments left out", () => {
  const events = new EventParser().push(STREAM);
  assert.deepEqual(events, [
    { event: "place", data: '{"position": 3}', id: "7" },
    { event: "hold", data: "a\nb", id: "7" },
  ]);
});

test("where the network cuts makes no difference", () => {
  const whole = new EventParser().push(STREAM);
  for (let size = 1; size < STREAM.length; ++size) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) {
      events.push(...parser.push(STREAM.slice(at, at + size)));
    }
    assert.deepEqual(events, whole, `pieces of ${size}`);
  }
});

test("an event without data is none, and half of one waits for the rest", () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push("event: place\n\ndata: x\n"), []);
  assert.deepEqual(parser.push("\n"), [{ event: "message", data: "x", id: "" }]);
});

test("only one space after the colon is left out", () => {
  assert.equal(new EventParser().push("data:  x: y\n\n")[0].data, " x: y");
});
