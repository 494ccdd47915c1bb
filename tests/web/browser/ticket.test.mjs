import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { QUIET, qr_code } from "../../../server/web/qr.js";
import {
  arrive,
  begin,
  button,
  choose_first_date,
  heading,
  look,
  PHONE,
  says,
  seat,
} from "./browser.mjs";
import { decode, decode_picture, pixels_of } from "./codes.mjs";

const { server, browser } = await begin();

// From the dates to the tickets, of which there are then so many.
async function buy_here(page, seats, tickets) {
  await choose_first_date(page);
  for (const name of seats) await seat(page, name).click();
  await button(page, "Hold these seats").click();
  await button(page, "Add money").click();
  await page.getByText("was added").waitFor();
  await button(page, /^Pay /).click();
  await heading(page, "Your tickets").waitFor();
  await page
    .getByRole("article")
    .nth(tickets - 1)
    .waitFor();
}

async function buy(page, concert, seats) {
  await arrive(page, server, concert);
  await buy_here(page, seats, 1);
}

const code_of = (page) => page.getByRole("img", { name: "QR code of this ticket" });

// What the program says of a ticket, with the keys that the server tells.
async function verify(ticket) {
  const keys = join(process.env.WEB_TESTS_MODULES, `keys-${process.pid}.json`);
  writeFileSync(keys, await (await fetch(server.url + "/v1/ticket-keys")).text());
  return spawnSync(process.env.WEB_TESTS_PROGRAM, ["ticket", "verify", ticket, "--keys", keys], {
    encoding: "utf8",
  });
}

test("another decoder reads small and large codes", () => {
  // The most that some versions hold, those of tickets among them, and the largest.
  for (const length of [1, 14, 42, 84, 122, 180, 213, 251, 287, 331, 412, 560, 1_125, 2_331]) {
    const text = "AQIAAAAB_-".repeat(Math.ceil(length / 10)).slice(0, length);
    const code = qr_code(text);
    const read = decode(pixels_of(code, { scale: 2, quiet: QUIET }));
    assert.equal(read?.data, text);
    assert.equal(read.version, code.version);
  }
});

test("the code on the page is a ticket that the door verifies, in light and dark, and printed", async () => {
  const concert = await server.add({ title: "At the door" });
  const person = await browser.person({ deviceScaleFactor: 2 });
  const page = await person.page();
  await buy(page, concert, [/^Seat 7,/, /^Seat 8,/]);
  await look(page, "ticket-code");
  const read = {};
  for (const [name, media] of Object.entries({
    light: { colorScheme: "light" },
    dark: { colorScheme: "dark" },
    printed: { media: "print", colorScheme: "dark" },
  })) {
    await page.emulateMedia(media);
    read[name] = await decode_picture(person.context, await code_of(page).screenshot());
  }
  assert.match(read.light, /^AQ[I-L][\w-]{150,}$/);
  assert.deepEqual(read, { light: read.light, dark: read.light, printed: read.light });
  const { status, stdout } = await verify(read.light);
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^good: [\s\S]*\nseat 7: "7"\nseat 8: "8"\n/);
  const spoilt =
    read.light.slice(0, 90) + (read.light[90] === "A" ? "B" : "A") + read.light.slice(91);
  assert.match((await verify(spoilt)).stdout, /^NOT good: altered/);
  await person.close();
});

test("printed, two tickets go on a page, each with a code of at least 30 mm, black on white", async () => {
  const concert = await server.add({ title: "On paper" });
  const person = await browser.person({ colorScheme: "dark" });
  const page = await person.page();
  await buy(page, concert, [/^Seat 7,/]);
  await button(page, "Buy more tickets").click();
  await heading(page, "Choose a date").waitFor();
  await buy_here(page, [/^Seat 9,/], 2);
  assert.equal(await code_of(page).count(), 2);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await page.screenshot({
    path: join(process.env.WEB_TESTS_PICTURES, "ticket-print.png"),
    fullPage: true,
  });
  const mm = 96 / 25.4;
  for (const code of await code_of(page).all()) {
    const { width, height } = await code.boundingBox();
    assert.ok(width >= 30 * mm && height >= 30 * mm, `${width} by ${height}`);
  }
  assert.equal(await button(page, "Print").count(), 0);
  const colours = await page
    .getByRole("article")
    .first()
    .evaluate((element) => {
      const { color, backgroundColor } = getComputedStyle(element);
      return [color, backgroundColor];
    });
  assert.deepEqual(colours, ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
  const pdf = await page.pdf({
    format: "A4",
    preferCSSPageSize: true,
    path: join(process.env.WEB_TESTS_PICTURES, "ticket-print.pdf"),
  });
  assert.equal(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length, 1);
  await person.close();
});

test("who buys more begins with the dates, not with seats that are paid", async () => {
  const concert = await server.add({ title: "Once more" });
  const person = await browser.person();
  const page = await person.page();
  // Without the stream, which would tell that nothing is held any more.
  await page.route("**/v1/tokens/current/events", (route) => route.abort());
  await buy(page, concert, [/^Seat 7,/]);
  await button(page, "Buy more tickets").click();
  await heading(page, "Choose a date").waitFor();
  await person.close();
});

test("seats are given back for a refund, after a question, and the ticket is gone", async () => {
  const concert = await server.add({ title: "Given back" });
  const person = await browser.person(PHONE);
  const page = await person.page();
  await buy(page, concert, [/^Seat 7,/]);
  await says(page, /^Can be given back until /).waitFor();
  await look(page, "phone-ticket");
  await button(page, "Give back for a refund").click();
  await page.getByRole("dialog").getByText("Give these seats back for ₩50,000?").waitFor();
  await look(page, "phone-ticket-ask");
  // Whoever thinks better of it has lost nothing.
  await button(page, "No, keep them").click();
  assert.equal(await code_of(page).count(), 1);
  await button(page, "Give back for a refund").click();
  await button(page, "Yes, give them back").click();
  await says(page, "₩50,000 went back to your wallet, which now holds ₩50,000.").waitFor();
  await says(page, /^Refunded /).waitFor();
  assert.equal(await code_of(page).count(), 0);
  assert.equal(await button(page, "Give back for a refund").count(), 0);
  assert.equal(await button(page, "Print").count(), 0);
  await look(page, "phone-ticket-refunded");
  // It stays so, and the seat is free for others.
  await page.reload();
  await says(page, /^Refunded /).waitFor();
  assert.equal(await code_of(page).count(), 0);
  const other = await server.join(concert);
  await other.admitted();
  assert.equal((await other.hold({ seats: [7] })).status, "held");
  await person.close();
});

test("where no money is given back nobody is offered it, and a refusal is explained", async () => {
  const firm = await server.add({ title: "Firm", refunds: "none" });
  const person = await browser.person();
  const page = await person.page();
  await buy(page, firm, [/^Seat 7,/]);
  assert.equal(await code_of(page).count(), 1);
  assert.equal(await button(page, "Give back for a refund").count(), 0);
  await person.close();

  const concert = await server.add({ title: "Too late" });
  const late = await browser.person();
  const second = await late.page();
  await buy(second, concert, [/^Seat 7,/]);
  await second.route("**/refund", (route) =>
    route.fulfill({
      status: 409,
      contentType: "application/problem+json",
      body: JSON.stringify({ code: "refund_not_allowed", status: 409 }),
    }),
  );
  await button(second, "Give back for a refund").click();
  await button(second, "Yes, give them back").click();
  await says(second, "These seats cannot be given back any more.").waitFor();
  assert.equal(await code_of(second).count(), 1);
  await late.close();
});
