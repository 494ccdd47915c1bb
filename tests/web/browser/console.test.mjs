// The operators' console in a browser: a sale from its opening to its close, seats, histories,
// files.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { new_uuid } from "../../../server/web/store.js";
import { begin, button, heading, link, look, PHONE, says, seat } from "./browser.mjs";
import { start_server, starts_at } from "./server.mjs";

const KEY = "a-key-of-the-operators";

const { server, browser } = await begin();

async function report(concert) {
  const response = await fetch(`${server.admin}/admin/v1/concerts/${concert}/report`);
  return response.json();
}

const effect = (page, text) => page.locator(".effects").getByText(text);

test("a sale is opened, paced, paused, helped by hand and closed, and one knows before what it does", async () => {
  const concert = await server.add({
    opens_at: `${new Date().getFullYear() + 1}-06-01T10:00:00+09:00`,
    room: { active_max: 2 },
  });
  const buyers = [];
  for (let i = 0; i < 6; ++i) buyers.push(await server.join(concert));
  const person = await browser.person();
  const page = await person.page();
  await page.goto(`${server.admin}/#/${concert}/sale`);
  await says(page, "6 people wait · 0 are in").waitFor();
  await look(page, "console-scheduled");

  await button(page, "Open").click();
  await effect(page, "About 2 people go in at once.").waitFor();
  await button(page, "Open the sale").click();
  await says(page, "The sale is open.").waitFor();
  await says(page, "4 people wait · 2 are in").waitFor();

  const most = page.getByLabel("In at once", { exact: true });
  await most.fill("a few");
  await says(page, "A whole number above zero.").waitFor();
  await most.fill("5");
  await effect(page, "About 3 people more go in at once.").waitFor();
  await look(page, "console-room");
  await button(page, "Change it").click();
  await says(page, "It has been changed.").waitFor();
  await says(page, "1 person waits · 5 are in").waitFor();

  // The room is full, and the server says so in its own words.
  const last = await buyers[5].place();
  await page.getByLabel("User or place").fill(String(last.number));
  await button(page, "Let in").click();
  await says(page, "The server refuses this.").waitFor();
  await look(page, "console-refused");

  await button(page, "Pause").click();
  await effect(page, "The 5 people who are in may go on buying.").waitFor();
  await button(page, "Pause the sale").click();
  await says(page, "The sale is paused.").waitFor();
  await most.fill("6");
  await effect(page, "so it shows once the sale lets people in.").waitFor();
  await button(page, "Change it").click();
  await says(page, "It has been changed.").waitFor();
  await button(page, "Let in").click();
  await says(page, `Place ${last.number} is in.`).waitFor();
  assert.equal((await buyers[5].place()).status, "admitted");

  await button(page, "Close").click();
  await effect(page, "Nobody goes in, nobody can join, and no more seats are held.").waitFor();
  await button(page, "Close the sale").click();
  const sure = page.getByRole("dialog");
  await sure.getByText("Opening again does not bring them back.").waitFor();
  await look(page, "console-close");
  await sure.getByRole("button", { name: "Keep it as it is" }).click();
  assert.equal((await report(concert)).sale, "paused");
  await button(page, "Close the sale").click();
  await sure.getByRole("button", { name: "Close the sale" }).click();
  await says(page, "The sale is closed.").waitFor();
  assert.equal((await report(concert)).sale, "closed");
  await person.close();
});

test("all that a room has is set, and what the server refuses stands at the field that it names", async () => {
  const year = new Date().getFullYear() + 1;
  const concert = await server.add({
    opens_at: `${year}-06-01T10:00:00+09:00`,
    room: { active_max: 2 },
  });
  const buyers = [];
  for (let i = 0; i < 3; ++i) buyers.push(await server.join(concert));
  const stands = () => server.change_room(concert, { active_max: 2 }); // nothing that is another
  const person = await browser.person({ timezoneId: "Asia/Seoul" });
  const page = await person.page();
  await page.goto(`${server.admin}/#/${concert}/sale`);
  const card = (name) => page.getByRole("region", { name });
  const apply = async (part) => {
    await part.getByRole("button", { name: "Change it" }).click();
    await part.getByText("It has been changed.").waitFor();
  };

  const opening = card("When it opens");
  const opens_at = opening.getByLabel("The sale opens");
  await page.waitForFunction(() => document.getElementById("opens_at").value !== "");
  assert.equal(await opens_at.inputValue(), `${year}-06-01T10:00`);
  await opens_at.fill("");
  await opening.getByRole("button", { name: "Change it" }).click();
  await opening.getByText("This is needed.").waitFor();
  await opens_at.fill(`${year}-07-01T12:30`);
  await effect(opening, "The 3 people who wait are told so").waitFor();
  await apply(opening);
  assert.equal((await stands()).opens_at, `${year}-07-01T03:30:00.000Z`);

  const draw = card("A draw");
  await draw.getByLabel("Draw the line by lot when the sale opens").check();
  await effect(draw, "The 3 people who wait lose the positions").waitFor();
  await apply(draw);
  assert.equal((await stands()).room.draw, true);

  const loop = card("A closed loop");
  await loop.getByLabel("Let a closed loop move").check();
  const [least, most] = [loop.getByLabel("At least"), loop.getByLabel("At most")];
  await least.fill("50");
  await loop.getByRole("button", { name: "Change it" }).click();
  await loop.getByText("This is needed.").waitFor();
  await most.fill("20");
  await effect(loop, "between 50 and 20").waitFor();
  await loop.getByRole("button", { name: "Change it" }).click();
  await loop.getByText("must not be below floor").waitFor();
  await loop.getByText("must have load_max, commit_ms_max or seats_per_pass_min").waitFor();
  assert.equal(await most.getAttribute("aria-invalid"), "true");
  assert.equal(await least.getAttribute("aria-invalid"), null);
  await look(page, "console-refused-fields");
  await most.fill("2000");
  await loop.getByText("must not be below floor").waitFor({ state: "hidden" });
  await loop.getByLabel("Load of the host").fill("0.8");
  await effect(loop, "Well is a load of 0.8 or less").waitFor();
  await effect(loop, "It begins with 50.").waitFor();
  await apply(loop);
  await loop.getByText("Now 50 may be in at once").waitFor();
  assert.deepEqual((await stands()).room.closed_loop, {
    floor: 50,
    ceiling: 2000,
    add: 1,
    cut: 50,
    every_ms: 1000,
    load_max: 0.8,
  });

  const absent = card("Who is not there");
  await absent.getByLabel("Pass over who is not there").check();
  const silent = absent.getByLabel("Silent for, in seconds");
  await silent.fill("60");
  await effect(absent, "has not been heard of for 1 minute, is passed over").waitFor();
  await absent.getByRole("button", { name: "Change it" }).click();
  await absent.getByText("must be at least 90000").waitFor();
  await silent.fill("90");
  await effect(absent, "has not been heard of for 90 seconds, is passed over").waitFor();
  await apply(absent);
  assert.deepEqual((await stands()).room.no_shows, { silent_ms: 90_000, grace_ms: 600_000 });

  const classes = card("Classes of the line");
  await classes.getByRole("button", { name: "Another class" }).click();
  await classes.getByLabel("Name of the class").fill("Fan club");
  await classes.getByLabel("Its weight").fill("3");
  await effect(classes, "Fan club has about 75% of the admissions").waitFor();
  await effect(classes, "A class cannot be renamed, moved or taken away again.").waitFor();
  await classes.getByRole("button", { name: "Change it" }).click();
  await classes.getByText("must be of a-z, 0-9, _ and -").waitFor();
  await classes.getByLabel("Name of the class").fill("fan_club");
  await look(page, "console-rules");
  await apply(classes);
  const { room } = await stands();
  assert.deepEqual(
    room.classes.map(({ name, weight }) => [name, weight]),
    [
      ["general", 1],
      ["fan_club", 3],
    ],
  );
  await classes.getByRole("button", { name: "Another class" }).click();
  await classes.getByRole("button", { name: "Take back the last" }).click();
  assert.equal(await classes.getByRole("button", { name: "Change it" }).isVisible(), false);

  // What is switched off is gone.
  await loop.getByLabel("Let a closed loop move").uncheck();
  await effect(loop, "No closed loop moves how many may be in").waitFor();
  await apply(loop);
  await absent.getByLabel("Pass over who is not there").uncheck();
  await apply(absent);
  await draw.getByLabel("Draw the line by lot when the sale opens").uncheck();
  await apply(draw);
  const after_all = (await stands()).room;
  assert.deepEqual(
    [after_all.closed_loop, after_all.no_shows, after_all.draw],
    [null, null, false],
  );
  await person.close();
});

test("the figures follow the sale, also as a table, and the files have what was sold", async () => {
  const concert = await server.add({ title: "겨울 노래 =1+1" });
  const person = await browser.person({ acceptDownloads: true });
  const page = await person.page();
  await page.goto(`${server.admin}/#/${concert}`);
  const sold = page.locator(".tile", { hasText: "Sold" }).first();
  await sold.getByText("of 50").waitFor();
  const buyer = await server.join(concert);
  await buyer.admitted();
  const { payment_id } = await buyer.buy({ seats: [7, 8] });
  await sold.getByText("2", { exact: true }).waitFor();
  await page.getByRole("img", { name: /^Seats: line chart over time\. Sold 2, Held 0/ }).waitFor();
  await page.getByText("These figures as a table").click();
  const newest = page
    .getByRole("region", { name: "These figures as a table" })
    .getByRole("row")
    .nth(1);
  await newest.getByText("₩100,000").waitFor();
  await look(page, "console-live");

  const [file] = await Promise.all([
    page.waitForEvent("download"),
    button(page, "Sales (CSV)").click(),
  ]);
  assert.match(file.suggestedFilename(), /^겨울-노래-1-1-sales-\d{4}-\d\d-\d\d-\d{4}\.csv$/);
  const text = await readFile(await file.path(), "utf8");
  const lines = text.split("\r\n");
  assert.ok(lines[0].startsWith("\uFEFFat,event,payment_id,"), lines[0]);
  assert.equal(lines.length, 4);
  for (const [i, number] of ["7", "8"].entries()) {
    const cells = lines[i + 1].split(",");
    assert.equal(cells[1], "payment.completed");
    assert.equal(cells[2], payment_id);
    assert.equal(cells[8], number);
  }
  await says(page, "Saved.").waitFor();

  // The server is gone for a while: what was known stays, and it says so.
  await page.route("**/admin/v1/**", (route) => route.abort());
  await says(page, "The server cannot be reached.").waitFor();
  await says(page, "What is shown here is as it was at").waitFor();
  await look(page, "console-offline");
  await page.unroute("**/admin/v1/**");
  await says(page, "The server cannot be reached.").waitFor({ state: "hidden" });
  await person.close();
});

test("seats are blocked and put back, a seat tells its history, and a hold is released", async () => {
  const concert = await server.add();
  const buyer = await server.join(concert);
  await buyer.admitted();
  const { reservation_id } = await buyer.hold({ seats: [20, 21] });
  const person = await browser.person();
  const page = await person.page();
  await page.goto(`${server.admin}/#/${concert}/seats`);
  await seat(page, /^Seat 3,.*Free/).click();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await says(page, "2 seats: Seat 3; Seat 4").waitFor();
  await button(page, "Block").click();
  await says(page, "2 seats were blocked.").waitFor();
  await seat(page, /^Seat 4,.*Blocked/).waitFor();
  assert.equal((await report(concert)).seats.blocked, 2);
  await seat(page, /^Seat 3,.*Blocked/).click();
  await says(page, "Seats 3, 4 were taken out of the sale by the operator “admin”.").waitFor();
  await button(page, "Unblock").click();
  await says(page, "1 seat is for sale again.").waitFor();

  await seat(page, /^Seat 20,.*Held/).click();
  await says(page, "Seats 20, 21 were held until").waitFor();
  await look(page, "console-seats");
  await button(page, "Release the hold").click();
  const sure = page.getByRole("dialog");
  await sure.getByRole("button", { name: "Release the hold" }).click();
  await says(page, "The hold was released.").waitFor();
  await seat(page, /^Seat 20,.*Free/).waitFor();
  const { status } = await buyer.call("GET", "/v1/reservations/" + reservation_id);
  assert.equal(status, "released");
  await page.getByRole("tab", { name: "List" }).click();
  await look(page, "console-seat-list");
  await person.close();
});

test("any id is explained in words, and leads further; one that nothing has says so", async () => {
  const concert = await server.add();
  const buyer = await server.join(concert);
  await buyer.admitted();
  const performance = await buyer.performance();
  const { payment_id } = await buyer.buy({ seats: [7] });
  const person = await browser.person();
  const page = await person.page();
  await page.goto(`${server.admin}/#/find`);
  await page.getByLabel("Id").fill(buyer.user_id);
  await page.keyboard.press("Enter");
  await says(page, "₩50,000 was added to the wallet, which then held ₩50,000.").waitFor();
  await says(page, "Let in, until").waitFor();
  await look(page, "console-user");
  await link(page, payment_id.slice(0, 8) + "…")
    .first()
    .click();
  await page.getByRole("heading", { name: "Payment" }).waitFor();
  await says(page, "Seat 7 was paid: ₩50,000.").waitFor();
  await page.getByLabel("Id").fill(`${performance} seat 7`);
  await button(page, "Explain").click();
  await page.getByRole("heading", { name: "Seat 7" }).waitFor();
  const { number } = await buyer.place();
  await page.getByLabel("Id").fill(`${concert} #${number}`);
  await button(page, "Explain").click();
  await page.getByRole("heading", { name: `Place ${number}` }).waitFor();
  await page.getByLabel("Id").fill(new_uuid());
  await button(page, "Explain").click();
  await says(page, "The server refuses this.").waitFor();
  await page.getByLabel("Id").fill("who?");
  await button(page, "Explain").click();
  await says(page, "There is no id in that.").waitFor();
  await person.close();
});

const PLAN = {
  name: "Town Hall",
  categories: [{ name: "Stalls" }, { name: "Balcony" }],
  zones: [
    {
      name: "Ground floor",
      position: { x: 0, y: 0 },
      rows: [
        {
          row_number: "1",
          position: { x: 0, y: 0 },
          seats: ["Stalls", "Balcony"].map((category, i) => ({
            seat_number: String(i + 1),
            seat_guid: "seat-" + i,
            category,
            position: { x: 30 * i, y: 0 },
          })),
        },
      ],
    },
  ],
};

async function drop(page, name, text) {
  const files = await page.evaluateHandle(
    ([file, content]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], file, { type: "application/json" }));
      return transfer;
    },
    [name, text],
  );
  await page.locator(".drop").dispatchEvent("drop", { dataTransfer: files });
}

test("a dropped file puts a concert on sale; what is wrong with one is said as the server says it", async () => {
  const person = await browser.person();
  const page = await person.page();
  await page.goto(server.admin);
  await heading(page, "Concerts").waitFor();
  await drop(page, "bad.json", '{"title": 5, "venue": "Hall"}');
  await says(page, "must be a string").waitFor();
  await look(page, "console-import-refused");
  await drop(page, "worse.json", "no JSON at all");
  await says(page, "The server refuses this.").waitFor();
  const concert = {
    title: "Dropped Songs",
    venue: "Hall",
    performances: [{ starts_at: starts_at() }],
    seats: { count: 5, price: 1000 },
  };
  await drop(page, "concert.json", JSON.stringify(concert));
  await says(page, "The concert was added.").waitFor();
  await says(page, "1 date, 5 seats.").waitFor();
  await link(page, "Dropped Songs").waitFor();

  await drop(page, "town-hall.json", JSON.stringify(PLAN));
  await says(page, "It has 2 seats, and lacks what follows.").waitFor();
  await button(page, "Put it on sale").click();
  await says(page, "Give it a title.").waitFor();
  await page.getByLabel("Title").fill("Planned Songs");
  await page.getByLabel(/^Date and time 1/).fill("2090-12-24T19:00");
  await page.getByLabel("Price: Stalls").fill("90000");
  await page.getByLabel("Price: Balcony").fill("50000");
  await look(page, "console-plan");
  await button(page, "Put it on sale").click();
  await says(page, "1 date, 2 seats.").waitFor();
  await link(page, "Look at it").click();
  await heading(page, "Planned Songs").waitFor();
  await link(page, "Seats").click();
  await seat(page, /^Ground floor 1-1, ₩90,000, Free/).waitFor();
  await person.close();
});

test("where there is a key, nothing is told without it, and a wrong one is said to be wrong", async () => {
  const folder = await mkdtemp(join(tmpdir(), "concertres-key-"));
  await writeFile(join(folder, "key"), KEY + "\n", { mode: 0o600 });
  const locked = await start_server(["--admin-key", join(folder, "key")]);
  const person = await browser.person();
  const page = await person.page();
  await page.goto(locked.admin);
  await heading(page, "Admin key").waitFor();
  await look(page, "console-key");
  await page.getByLabel("Admin key").fill("another-key-of-somebody");
  await button(page, "Open the console").click();
  await says(page, "That is not the key.").waitFor();
  await look(page, "console-wrong-key");
  await page.getByLabel("Admin key").fill(KEY);
  await page.keyboard.press("Enter");
  await says(page, "There is no concert yet.").waitFor();
  await look(page, "console-empty");
  const kept = await page.evaluate(() => [
    Object.values(sessionStorage).join(),
    Object.values(localStorage).join() + document.cookie,
  ]);
  assert.deepEqual(kept, [KEY, ""]);
  await page.reload();
  await says(page, "There is no concert yet.").waitFor();
  await button(page, "Forget the key").click();
  await heading(page, "Admin key").waitFor();
  await person.close();
  await locked.stop();
  await rm(folder, { recursive: true });
});

test("a page of elsewhere cannot use a console without a key, though the operator looks at it", async () => {
  const concert = await server.add();
  const buyer = await server.join(concert);
  await buyer.admitted();
  const { reservation_id } = await buyer.hold({ seats: [7] });
  const elsewhere = createServer((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>Elsewhere</title><p>Nothing to see here.</p>");
  });
  await new Promise((listening) => elsewhere.listen(0, "127.0.0.1", listening));
  const { port } = elsewhere.address();
  const person = await browser.person();
  const page = await person.page();
  const release = `${server.admin}/admin/v1/reservations/${reservation_id}/release`;
  const room = `${server.admin}/admin/v1/concerts/${concert}/room`;
  // Of another site, and of the same site on another port.
  for (const host of ["localhost", "127.0.0.1"]) {
    await page.goto(`http://${host}:${port}/`);
    const answers = await page.evaluate(
      async ([post, patch]) => {
        const status = (response) => response.status;
        const refused = () => "refused";
        const json = { "Content-Type": "application/json" };
        const close = { method: "PATCH", headers: json, body: '{"sale": "closed"}' };
        const form = document.createElement("form");
        Object.assign(form, { method: "POST", action: post, target: "_blank" });
        document.body.append(form);
        form.submit();
        return [
          // Sent, and unread: what counts is what it did.
          await fetch(post, { method: "POST", mode: "no-cors" }).then(status, refused),
          await fetch(patch, close).then(status, refused),
          await fetch(patch).then(status, refused),
        ];
      },
      [release, room],
    );
    assert.deepEqual(answers, [0, "refused", "refused"], host);
  }
  const { status } = await buyer.call("GET", "/v1/reservations/" + reservation_id);
  assert.equal(status, "held");
  assert.equal((await report(concert)).sale, "open");
  // By a name that somebody else may have pointed here.
  const named = await fetch(room, { headers: { "Sec-Fetch-Site": "same-site" } });
  assert.equal(named.status, 401);
  await person.context.close();
  elsewhere.close();
});

test("long names and few pixels break nothing, and Korean has it all", async () => {
  const long =
    "The Extraordinarily Long-Winded Symphony Orchestra of the Upper Rhine Valley ".repeat(3);
  const title =
    long + "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverleihung".repeat(2);
  const concert = await server.add({
    title,
    venue: long,
    room: { active_max: 5, classes: [{ name: "general" }, { name: "fan_club", weight: 3 }] },
  });
  const narrow = { ...PHONE, viewport: { width: 320, height: 640 }, locale: "ko-KR" };
  const person = await browser.person(narrow);
  const page = await person.page();
  await page.goto(server.admin);
  await says(page, "여기에 파일을 놓으세요").waitFor();
  await look(page, "console-narrow-list");
  await page.goto(`${server.admin}/#/${concert}`);
  await says(page, "분당 판매").first().waitFor();
  await look(page, "console-narrow-live");
  await page.goto(`${server.admin}/#/${concert}/sale`);
  await page.getByLabel("동시 입장 인원", { exact: true }).fill("9");
  await says(page, "동시에 9명까지 입장할 수 있습니다.").waitFor();
  await look(page, "console-narrow-sale");
  await page.goto(`${server.admin}/#/${concert}/seats`);
  await button(page, /전체 좌석, 50석 남음/)
    .or(page.getByRole("grid"))
    .first()
    .waitFor();
  await look(page, "console-narrow-seats");
  await page.goto(`${server.admin}/#/find/${concert}`);
  await says(page, "하나에 일어난 모든 일을").waitFor();
  await page.locator(".state").waitFor();
  await look(page, "console-narrow-find");
  await person.close();
});
