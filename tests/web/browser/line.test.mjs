import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { begin, button, heading, look, PHONE, says } from "./browser.mjs";
import { start_server } from "./server.mjs";

const { server, browser } = await begin();

// A room that lets in one, who is in; `ahead` people stand before whoever comes next.
async function full_room({ ahead = 2, ...concert } = {}) {
  const id = await server.add({ room: { active_max: 1 }, ...concert });
  const inside = await server.join(id);
  await inside.admitted();
  const others = [];
  for (let i = 0; i < ahead; ++i) others.push(await server.join(id));
  return { id, inside, others };
}

async function join_line(page, id) {
  await page.goto(`${server.url}/#/${id}`);
  await button(page, "Join the line").click();
  await heading(page, "You are in line").waitFor();
}

test("who waits sees the place move, and then the dates", async () => {
  const { id, inside, others } = await full_room();
  const person = await browser.person();
  const page = await person.page();
  // In the place of the system's notifications, which a browser without a screen has not.
  await page.addInitScript(() => {
    globalThis.notified = [];
    globalThis.Notification = class {
      static permission = "granted";
      constructor(title) {
        globalThis.notified.push(title);
      }
    };
  });
  await join_line(page, id);
  await page.getByLabel("Tell me when it is my turn").check();
  await says(page, "2 people are ahead of you").waitFor();
  await says(page, "Connected").waitFor();
  assert.match(await page.title(), /^\(3\) In line/);
  await look(page, "line");
  await inside.leave();
  await says(page, "1 person is ahead of you").waitFor();
  await others[1].leave();
  await says(page, "1 person is ahead of you").waitFor();
  await others[0].leave();
  await heading(page, "Choose a date").waitFor();
  assert.match(await page.title(), /^Your turn/);
  assert.deepEqual(await page.evaluate(() => globalThis.notified), ["Your turn"]);
  await person.close();
});

test("a reload and a second tab have the same place", async () => {
  const { id } = await full_room();
  const person = await browser.person();
  const page = await person.page();
  await join_line(page, id);
  await says(page, "2 people are ahead of you").waitFor();
  await page.reload();
  await says(page, "2 people are ahead of you").waitFor();
  const second = await person.page();
  await second.goto(`${server.url}/#/${id}`);
  await says(second, "2 people are ahead of you").waitFor();
  // The first tab has the stream; the second asks, and takes over when the first is closed.
  await says(second, "Connected").waitFor();
  const streams = [];
  second.on("request", (request) => {
    if (request.url().endsWith("/events")) streams.push(request.url());
  });
  await page.close();
  await assert_soon(() => streams.length > 0);
  // Somebody who joins again later stands behind.
  const last = await server.join(id);
  assert.equal((await last.place()).position, 4);
  await person.close();
});

async function assert_soon(is_so) {
  for (let i = 0; i < 100 && !is_so(); ++i) await new Promise((done) => setTimeout(done, 100));
  assert.ok(is_so());
}

test("a lost connection is shown, and costs nobody the place", async () => {
  const { id, inside } = await full_room();
  const person = await browser.person();
  const page = await person.page();
  await join_line(page, id);
  await says(page, "Connected").waitFor();
  await person.context.setOffline(true);
  await says(page, "Reconnecting").waitFor();
  await look(page, "line-reconnecting");
  await inside.leave();
  await person.context.setOffline(false);
  await says(page, "1 person is ahead of you").waitFor();
  await says(page, "Connected").waitFor();
  await person.close();
});

test("without a stream the page asks as it is told to, and the turn comes all the same", async () => {
  const { id, inside, others } = await full_room();
  const person = await browser.person();
  const page = await person.page();
  await page.route("**/events", (route) => route.fulfill({ status: 503, body: "{}" }));
  await join_line(page, id);
  for (const one of [inside, ...others]) await one.leave();
  await heading(page, "Choose a date").waitFor();
  await person.close();
});

test("who waits is told at once when all is sold", async () => {
  const { id, inside } = await full_room({ ahead: 0, seats: 2 });
  const person = await browser.person();
  const page = await person.page();
  await join_line(page, id);
  await says(page, "You are next").waitFor();
  await inside.buy({ seats: [1, 2] });
  await says(page, "All seats are sold.").waitFor();
  await look(page, "line-sold-out");
  // Nobody new can join.
  const late = await browser.person();
  const late_page = await late.page();
  await late_page.goto(`${server.url}/#/${id}`);
  await says(late_page, "All seats are sold.").waitFor();
  await button(late_page, "Join the line").click();
  await says(late_page, "Come back later").waitFor();
  await look(late_page, "intro-sold-out");
  await late.close();
  await person.close();
});

test("a sale that is paused, closing or closed says so", async () => {
  const { id } = await full_room();
  const person = await browser.person();
  const page = await person.page();
  await join_line(page, id);
  await server.change_room(id, { sale: "paused" });
  await says(page, "The sale is paused.").waitFor();
  await look(page, "line-paused");
  await server.change_room(id, { sale: "draining" });
  await says(page, "The sale is about to close.").waitFor();
  await server.change_room(id, { sale: "closed" });
  await says(page, "The sale is closed.").waitFor();
  await look(page, "line-closed");
  await page.goto(`${server.url}/#/`);
  await says(page, "Closed").first().waitFor();
  await person.close();
});

test("before the opening there is a countdown, and of a draw the page says how it works", async () => {
  const opens_at = new Date(Date.now() + 3_600_000).toISOString();
  const id = await server.add({ opens_at, room: { active_max: 10, draw: true } });
  const person = await browser.person(PHONE);
  const page = await person.page();
  await page.goto(`${server.url}/#/${id}`);
  await says(page, "is put in a random order").waitFor();
  await look(page, "phone-intro-draw");
  await button(page, "Join the line").click();
  await says(page, "The order is drawn at random").waitFor();
  await says(page, "Not drawn yet").waitFor();
  await says(page, /^59:\d\d$/).waitFor();
  assert.match(await page.title(), /^In line/);
  await look(page, "phone-line-draw");
  await person.close();
});

test("a room that is full says so, and what to do", async () => {
  const small = await start_server(["--waiting-max", "1"]);
  try {
    const id = await small.add({ room: { active_max: 1 } });
    await (await small.join(id)).admitted();
    await small.join(id);
    const person = await browser.person();
    const page = await person.page();
    await page.goto(`${small.url}/#/${id}`);
    await button(page, "Join the line").click();
    await says(page, "The line is full.").waitFor();
    await look(page, "intro-full");
    await person.close();
  } finally {
    await small.stop();
  }
});

test("where only the host may vouch for people, the page says where to begin", async () => {
  const folder = await mkdtemp(join(tmpdir(), "concertres-key-"));
  const key = join(folder, "api-key");
  await writeFile(key, "an-api-key-of-the-host\n", { mode: 0o600 });
  const keyed = await start_server(["--api-key", key]);
  try {
    const id = await keyed.add();
    const person = await browser.person();
    const page = await person.page();
    await page.goto(`${keyed.url}/#/${id}`);
    await button(page, "Join the line").click();
    await says(page, "are sold on the organiser’s website").waitFor();
    await look(page, "intro-host");
    await person.close();
  } finally {
    await keyed.stop();
    await rm(folder, { recursive: true });
  }
});

test("leaving is asked about first, and afterwards one may join again at the end", async () => {
  const { id } = await full_room();
  const person = await browser.person();
  const page = await person.page();
  await join_line(page, id);
  await button(page, "Leave the line").click();
  await look(page, "line-leave");
  await button(page, "Stay in line").click();
  await says(page, "2 people are ahead of you").waitFor();
  await button(page, "Leave the line").click();
  await page.getByRole("dialog").getByRole("button", { name: "Leave the line" }).click();
  await heading(page, "You have left the line").waitFor();
  await look(page, "line-left");
  await server.join(id);
  await button(page, "Join the line again").click();
  await says(page, "3 people are ahead of you").waitFor();
  await person.close();
});

test("in Korean it is all Korean, and the choice is kept", async () => {
  const { id, inside, others } = await full_room({ title: "겨울 노래" });
  const person = await browser.person({ locale: "ko-KR", ...PHONE });
  const page = await person.page();
  await page.goto(`${server.url}/#/${id}`);
  await button(page, "대기열에 들어가기").click();
  await says(page, "앞에 2명이 있습니다").waitFor();
  assert.match(await page.title(), /^\(3\) 대기 중/);
  assert.equal(await page.locator("html").getAttribute("lang"), "ko");
  await look(page, "phone-line-korean");
  for (const one of [inside, ...others]) await one.leave();
  await heading(page, "날짜 선택").waitFor();
  await page.getByRole("link", { name: "좌석 선택" }).click();
  await page.getByRole("gridcell", { name: /^7번 좌석/ }).click();
  await look(page, "phone-seats-korean");
  await button(page, "좌석 선점하기").click();
  await heading(page, "선점한 좌석").waitFor();
  await says(page, "부족합니다").waitFor();
  await look(page, "phone-checkout-korean");
  await page.getByLabel("언어").selectOption("en");
  await heading(page, "Your seats").waitFor();
  await page.reload();
  await heading(page, "Your seats").waitFor();
  await person.close();
});
