// The page at /docs in a browser: what is on sale, a purchase to paste, and every call that
// /openapi.json describes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { new_uuid } from "../../../server/web/store.js";
import { begin, button, is_accessible, look, says } from "./browser.mjs";

const METHODS = ["get", "post", "put", "patch", "delete"];

const { server, browser } = await begin();
const concert = await server.add({ title: "Winter Songs" });
const description = await (await fetch(server.url + "/openapi.json")).json();

const call = (page, id) => page.locator("details#" + id);
const line = (page, id) => call(page, id).locator("> summary");
const shown = (page) => page.locator("details.call:visible");
const search = (page) => page.getByRole("searchbox");

// The page, when all calls are there.
async function open_docs(person, url, hash = "") {
  const page = await person.page();
  await page.goto(url + "/docs" + hash);
  await search(page).waitFor();
  return page;
}

function operations() {
  return Object.entries(description.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => [method, path, item[method], item]),
  );
}

const resolved = (value) =>
  value.$ref
    ? value.$ref
        .slice(2)
        .split("/")
        .reduce((at, part) => at[part], description)
    : value;

// The names of all fields below a schema.
function names_of(schema) {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties = {}, items, allOf = [], oneOf = [], anyOf = [] } = resolved(schema);
  return [
    ...Object.keys(properties),
    ...[...Object.values(properties), items ?? null, ...allOf, ...oneOf, ...anyOf].flatMap(
      names_of,
    ),
  ];
}

test("every call is shown, with its parameters, fields, answers and codes", async () => {
  const person = await browser.person();
  const page = await open_docs(person, server.url);
  const all = operations();
  assert.ok(all.length > 40);
  assert.equal(await shown(page).count(), all.length);
  await button(page, "Open all").click();
  await call(page, all.at(-1)[2].operationId).getByText("Answers").waitFor();
  for (const [method, path, operation, item] of all) {
    const text = await call(page, operation.operationId).innerText();
    const has = (what) => assert.ok(text.includes(what), `${operation.operationId}: ${what}`);
    [method.toUpperCase(), path, operation.summary.replaceAll("`", "")].forEach(has);
    assert.doesNotMatch(text, /\[object|undefined/);
    assert.match(text, /\ncurl (-N |-X [A-Z]+ )?"http:/);
    for (const one of [...(item.parameters ?? []), ...(operation.parameters ?? [])]) {
      has(resolved(one).name);
    }
    const bodies = [operation.requestBody ?? {}];
    for (const [status, given] of Object.entries(operation.responses)) {
      const answer = resolved(given);
      has(status === "default" ? "any" : status);
      (answer["x-codes"] ?? []).forEach(has);
      Object.keys(answer.headers ?? {}).forEach(has);
      Object.keys(answer.content ?? {}).forEach(has);
      bodies.push(answer);
    }
    for (const { content = {} } of bodies) {
      if ("application/problem+json" in content) continue;
      for (const { schema } of Object.values(content)) names_of(schema).forEach(has);
    }
  }
  // Once for all refusals.
  const problem = await page.locator("#problem").innerText();
  for (const name of names_of(description.components.schemas.Problem)) {
    assert.ok(problem.includes(name), name);
  }
  // Too tall for a picture. To look at all colours takes a minute, and they are those of docs-open.
  await is_accessible(page, "every call is open", { "color-contrast": { enabled: false } });
  await button(page, "Close all").click();
  assert.equal(await page.locator("details.call[open]").count(), 0);
  await person.close();
});

test("it begins with what is on sale and a purchase, and looks well", async () => {
  const person = await browser.person();
  const page = await open_docs(person, server.url);
  await says(page, "Winter Songs").waitFor();
  await says(page, "curl -s").first().waitFor();
  await look(page, "docs");
  await search(page).fill("seats");
  for (const id of ["reserve", "addConcert"]) {
    await line(page, id).click();
    await call(page, id).getByText("Answers").waitFor();
  }
  await look(page, "docs-open");
  await person.close();
});

test("on 320 pixels nothing is wider than the page", async () => {
  const person = await browser.person({ viewport: { width: 320, height: 700 } });
  const page = await open_docs(person, server.url);
  await search(page).fill("room");
  await line(page, "changeRoom").click();
  await call(page, "changeRoom").getByText("Answers").waitFor();
  await look(page, "docs-narrow");
  await person.close();
});

test("calls are found by words, fields and codes", async () => {
  const person = await browser.person();
  const page = await open_docs(person, server.url);
  await search(page).fill("seat_held");
  await says(page, "2 calls of").waitFor();
  await line(page, "reserve").waitFor();
  await line(page, "blockSeats").waitFor();
  await search(page).fill("wallet charges");
  await line(page, "chargeWallet").waitFor();
  assert.equal(await shown(page).count(), 1);
  await search(page).fill("no such thing");
  await says(page, "No call has all of these words.").waitFor();
  assert.equal(await shown(page).count(), 0);
  await look(page, "docs-nothing");
  await search(page).press("Escape");
  await says(page, `${operations().length} calls of`).waitFor();
  await person.close();
});

test("the keyboard alone leads through the calls", async () => {
  const person = await browser.person();
  const page = await open_docs(person, server.url);
  const at = () => page.evaluate(() => document.activeElement.parentElement.id);
  await page.keyboard.press("/");
  await page.keyboard.type("reservations");
  const ids = await shown(page).evaluateAll((all) => all.map(({ id }) => id));
  assert.ok(ids.length > 3);
  await page.keyboard.press("ArrowDown");
  assert.equal(await at(), ids[0]);
  await page.keyboard.press("ArrowDown");
  assert.equal(await at(), ids[1]);
  await page.keyboard.press("End");
  assert.equal(await at(), ids.at(-1));
  await page.keyboard.press("Home");
  await page.keyboard.press("Enter");
  await call(page, ids[0]).getByText("Answers").waitFor();
  await page.keyboard.press("ArrowUp");
  assert.ok(await search(page).evaluate((field) => field === document.activeElement));
  await person.close();
});

test("an address leads to its call, whatever is searched for", async () => {
  const person = await browser.person();
  const page = await open_docs(person, server.url, "#refundPayment");
  await call(page, "refundPayment").getByText("Answers").waitFor();
  assert.ok(await line(page, "refundPayment").evaluate((one) => one === document.activeElement));
  const box = await line(page, "refundPayment").boundingBox();
  assert.ok(box.y >= 0 && box.y < 850, `at ${box.y}`);
  await search(page).fill("wallet");
  await page.evaluate(() => (location.hash = "#getRoom"));
  await call(page, "getRoom").getByText("Answers").waitFor();
  assert.equal(await search(page).inputValue(), "");
  await person.close();
});

test("the frame is Korean for who reads Korean, and what is open stays open", async () => {
  const person = await browser.person({ locale: "ko-KR" });
  const page = await open_docs(person, server.url, "#pay");
  await says(page, "다섯 번의 호출로 예매하기").waitFor();
  await call(page, "pay").getByText("응답", { exact: true }).waitFor();
  await call(page, "pay").getByText("Pay for reservations").waitFor();
  await look(page, "docs-korean");
  await search(page).fill("reservation_ids");
  await page.getByLabel("언어").selectOption("en");
  await says(page, "A purchase in five calls").waitFor();
  await call(page, "pay").getByText("Answers").waitFor();
  assert.equal(await search(page).inputValue(), "reservation_ids");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await page.reload();
  await says(page, "A purchase in five calls").waitFor();
  await person.close();
});

// The text below "With curl", run by a shell.
async function run(page, id, env = {}) {
  const text = await call(page, id).getByRole("group", { name: "With curl" }).innerText();
  const script = `curl() { command curl -s -f "$@"; }\n${text}`;
  const out = execFileSync("bash", ["-c", script], { env: { ...process.env, ...env } });
  return JSON.parse(out);
}

test("the curl calls work as they are copied", async () => {
  const person = await browser.person({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await open_docs(person, server.url);
  await button(page, "Open all").click();
  const { concerts } = await run(page, "listConcerts");
  assert.equal(concerts[0].concert_id, concert);
  const { token } = await run(page, "askForToken", { CONCERT_ID: concert });
  const place = await run(page, "getToken", { TOKEN: token });
  assert.equal(place.concert_id, concert);
  const buyer = await server.join(concert);
  await buyer.admitted();
  const known = { TOKEN: buyer.token, USER_ID: buyer.user_id };
  assert.equal((await run(page, "chargeWallet", known)).amount.amount, 50_000);

  await call(page, "listConcerts").getByRole("button", { name: "Copy" }).click();
  await call(page, "listConcerts").getByText("It is copied.").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(copied, `curl "${server.url}/v1/concerts"`);
  await person.close();
});

test("operators have it at their own listener, their calls first", async () => {
  const person = await browser.person();
  const page = await open_docs(person, server.admin);
  await says(page, "Winter Songs").waitFor();
  assert.equal(await page.getByText("A purchase in five calls").count(), 0);
  assert.equal(await shown(page).count(), operations().length);
  const first = await page.locator("section.group").first().getAttribute("id");
  assert.equal(first, "group-operators");
  await line(page, "getRoom").click();
  const room = await run(page, "getRoom", { CONCERT_ID: concert, ADMIN_KEY: "none is asked for" });
  assert.equal(room.concert_id, concert);
  await look(page, "docs-operators");
  await person.close();
});

test("without the description, and without scripts, the purchase is still there", async () => {
  const person = await browser.person();
  const page = await person.page();
  await page.route("**/openapi.json", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(server.url + "/docs");
  await says(page, "The description could not be loaded.").waitFor();
  await says(page, "curl -s").first().waitFor();
  await look(page, "docs-failed");
  await assert.rejects(person.close(), /openapi.json: 503/);

  const plain = await browser.person({ javaScriptEnabled: false });
  const still = await plain.page();
  await still.goto(server.url + "/docs");
  await says(still, "curl -s").first().waitFor();
  await plain.close();
});

test("what a concert is called does nothing to the page", async () => {
  const title = `<img src=x onerror="document.title='broken'"> ${new_uuid()}`;
  await server.add({ title });
  const person = await browser.person();
  const page = await open_docs(person, server.url);
  // What is on sale may be a moment old.
  for (let i = 0; i < 20 && !(await says(page, title).isVisible()); ++i) await page.reload();
  await says(page, title).waitFor();
  assert.match(await page.title(), /^concertres/);
  await person.close();
});
