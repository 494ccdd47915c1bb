import assert from "node:assert/strict";
import { test } from "node:test";
import { Problem } from "../../server/web/api.js";
import { Feed, retry_after } from "../../server/web/feed.js";

// Time passes at once: what waits is done in order of when it would be.
function with_fake_time(context) {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  context.after(() => Object.assign(globalThis, real));
  const waiting = new Map();
  let now = 0;
  let last = 0;
  globalThis.setTimeout = (call, ms = 0) => {
    waiting.set(++last, { at: now + ms, call });
    return last;
  };
  globalThis.clearTimeout = (timer) => waiting.delete(timer);
  return async (ms) => {
    for (let passed = 0; passed < ms; passed += 50) {
      now += 50;
      const due = [...waiting].filter(([, { at }]) => at <= now);
      for (const [timer, { call }] of due.sort(([, one], [, other]) => one.at - other.at)) {
        if (waiting.delete(timer)) call();
      }
      for (let i = 0; i < 10; ++i) await Promise.resolve();
    }
  };
}

// A server: `streams` are what each connection does, `places` what is answered to each question.
class FakeApi {
  asked = [];
  connected = [];
  constructor({ streams = [], places = [] }) {
    Object.assign(this, { streams, places });
  }

  async call(_method, path) {
    this.asked.push(path);
    const next = this.places.length > 1 ? this.places.shift() : this.places[0];
    if (next instanceof Error) throw next;
    return { data: next };
  }

  async events(_token, last_id, signal) {
    this.connected.push(last_id);
    const next = this.streams.length > 1 ? this.streams.shift() : this.streams[0];
    if (!next) throw new Problem({ code: "overloaded", status: 503 });
    const pieces = [...next];
    const read = () => {
      if (pieces.length)
        return Promise.resolve({ value: new TextEncoder().encode(pieces.shift()) });
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        this.cut = () => reject(new Error("cut"));
        this.end = () => _resolve({ done: true });
      });
    };
    return { body: { getReader: () => ({ read }) } };
  }
}

function follow(api, options = {}) {
  const told = [];
  const states = [];
  const feed = new Feed({
    api,
    token: "t",
    on_event: (name, data) => told.push([name, data]),
    on_state: (state) => states.push(state),
    random: () => 0.5,
    ...options,
  });
  feed.start();
  return { feed, told, states };
}

const place = (position) => ({ status: "waiting", position, poll_after_ms: 2_000 });
const stream_of = (position, id) => [
  `id: ${id}\nevent: place\ndata: ${JSON.stringify(place(position))}\n\n`,
];

test("while the stream tells, nobody asks", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({ streams: [stream_of(5, "a1")] });
  const { feed, told, states } = follow(api);
  await pass(20_000);
  assert.deepEqual(
    told.map(([name]) => name),
    ["place"],
  );
  assert.deepEqual(states, ["live"]);
  assert.deepEqual(api.asked, []);
  feed.stop();
});

test("a stream that is cut is resumed after the last event that was heard", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({
    streams: [stream_of(5, "a1"), stream_of(4, "a2")],
    places: [place(5)],
  });
  const { feed, states } = follow(api);
  await pass(1_000);
  api.cut();
  await pass(10_000);
  assert.deepEqual(api.connected, ["", "a1"]);
  assert.deepEqual(states[0], "live");
  assert.ok(states.includes("reconnecting"));
  assert.equal(states.at(-1), "live");
  feed.stop();
});

test("without a stream it asks as often as the server says, and never for more than it knows", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({ places: [place(5), place(4)] });
  const { feed, states, told } = follow(api);
  await pass(1_600);
  assert.deepEqual(api.asked, ["/v1/tokens/current"]);
  await pass(1_800);
  assert.equal(api.asked.length, 1);
  await pass(400);
  assert.deepEqual(api.asked[1], "/v1/tokens/current?last=5");
  assert.equal(states.at(-1), "polling");
  assert.ok(told.some(([name]) => name === "polled"));
  feed.stop();
});

test("a stream that says nothing for too long is given up", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({
    streams: [stream_of(5, "a1"), stream_of(5, "a2")],
    places: [place(5)],
  });
  const { feed } = follow(api);
  await pass(39_000);
  assert.equal(api.connected.length, 1);
  await pass(6_000);
  assert.equal(api.connected.length, 2);
  feed.stop();
});

test("where nothing is answered it says so, and asks again more and more seldom", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({ places: [new Problem({ code: "offline" })] });
  const { feed, states } = follow(api);
  await pass(60_000);
  assert.deepEqual(states, ["reconnecting"]);
  const soon = api.asked.length;
  await pass(60_000);
  assert.ok(api.asked.length - soon < soon);
  feed.stop();
});

test("a token that opens nothing any more ends the asking", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({ places: [new Problem({ code: "token_invalid", status: 401 })] });
  const { feed, told } = follow(api);
  await pass(60_000);
  assert.equal(api.asked.length, 1);
  assert.deepEqual(
    told.map(([name]) => name),
    ["refused"],
  );
  feed.stop();
});

test("a tab that has not the stream asks, until the stream is its own", async (context) => {
  const pass = with_fake_time(context);
  let give;
  const lock = (_signal, work) => new Promise((resolve) => (give = resolve)).then(work);
  const api = new FakeApi({ streams: [stream_of(3, "a1")], places: [place(5)] });
  const { feed, states } = follow(api, { lock });
  await pass(10_000);
  assert.deepEqual(api.connected, []);
  assert.deepEqual(states, ["polling"]);
  give();
  await pass(1_000);
  assert.deepEqual(states, ["polling", "live"]);
  feed.stop();
});

test("once stopped it tells nothing and asks nothing", async (context) => {
  const pass = with_fake_time(context);
  const api = new FakeApi({ places: [place(5)] });
  const { feed, told } = follow(api);
  await pass(2_000);
  feed.stop();
  const [asked, heard] = [api.asked.length, told.length];
  await pass(60_000);
  assert.deepEqual([api.asked.length, told.length], [asked, heard]);
});

test("a crowd that was cut off comes back spread, within half a minute", () => {
  for (let failures = 0; failures < 20; ++failures) {
    const [least, most] = [retry_after(failures, () => 0), retry_after(failures, () => 1)];
    assert.ok(least >= 500 && most <= 30_000 && most === 2 * least);
  }
});
