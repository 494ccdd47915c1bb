import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { curl_call } from "../../server/web/docs/curl.js";

const ORIGIN = "http://127.0.0.1:8080";
const call = (more) => ({
  method: "GET",
  path: "/v1/concerts",
  security: [],
  parameters: [],
  body: null,
  answers: [],
  ...more,
});

// What a shell makes of it: the words that curl is given.
function words(text, env = {}) {
  const print = `curl() { printf '%s\\n' "$@"; }\n`;
  const out = execFileSync("bash", ["-c", print + text], { env, encoding: "utf8" });
  return out.trimEnd().split("\n");
}

test("a call without anything is its address", () => {
  assert.equal(curl_call(call(), ORIGIN), `curl "${ORIGIN}/v1/concerts"`);
});

test("what the caller must know is a variable of the shell", () => {
  const text = curl_call(
    call({ path: "/v1/reservations/{reservation_id}", security: [{ token: ["admitted"] }] }),
    ORIGIN,
  );
  assert.deepEqual(words(text, { RESERVATION_ID: "7", TOKEN: "t" }), [
    `${ORIGIN}/v1/reservations/7`,
    "-H",
    "Authorization: Bearer t",
  ]);
});

test("a body reaches the server as it is, whatever is in it", () => {
  const body = { title: `It's "$HOME" \`id\` \\ 겨울` };
  const text = curl_call(
    call({
      method: "POST",
      security: [{}, { adminKey: [] }],
      body: { type: "application/json" },
      parameters: [{ name: "Idempotency-Key", in: "header", required: true, example: "pay-1" }],
    }),
    ORIGIN,
    body,
  );
  const given = words(text, { ADMIN_KEY: "k" });
  assert.deepEqual(given.slice(0, 7), [
    `${ORIGIN}/v1/concerts`,
    "-H",
    "Authorization: Bearer k",
    "-H",
    "Idempotency-Key: pay-1",
    "-H",
    "Content-Type: application/json",
  ]);
  assert.deepEqual(JSON.parse(given.at(-1)), body);
});

test("the method is named where curl would take another", () => {
  const method = (more) => words(curl_call(call(more), ORIGIN, {}))[1];
  const body = { type: "application/json" };
  assert.equal(
    words(curl_call(call({ method: "POST", body }), ORIGIN, {}))[0],
    ORIGIN + "/v1/concerts",
  );
  assert.equal(method({ method: "POST" }), "POST");
  assert.equal(method({ method: "PATCH", body }), "PATCH");
  assert.equal(method({ method: "DELETE" }), "DELETE");
});

test("a stream is shown as it comes", () => {
  const answers = [{ contents: [{ type: "text/event-stream" }] }];
  assert.equal(words(curl_call(call({ answers }), ORIGIN))[0], "-N");
});
