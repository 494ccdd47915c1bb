import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arrive,
  begin,
  button,
  choose_first_date,
  heading,
  link,
  look,
  PHONE,
  seat,
} from "./browser.mjs";
import { starts_at } from "./server.mjs";

const { server, browser } = await begin();

// Two price categories in two sections, with a plan.
function hall() {
  const seats = [];
  for (const [at, section] of ["Stalls", "Balcony"].entries()) {
    for (let row = 1; row <= 6; ++row) {
      for (let place = 1; place <= 14; ++place) {
        seats.push({
          number: seats.length + 1,
          label: `Row ${row} Seat ${place}`,
          section,
          row: String(row),
          x: place * 20,
          y: at * 180 + row * 22,
          price: at ? 30_000 : 90_000,
        });
      }
    }
  }
  return seats;
}

test("a ticket is bought with the mouse, from the list of concerts to the print button", async () => {
  await server.add({ title: "By mouse", seats: hall() });
  const person = await browser.person();
  const page = await person.page();
  await page.goto(server.url);
  const card = page.getByRole("listitem").filter({ hasText: "By mouse" });
  await card.waitFor();
  await look(page, "concerts");
  await link(card, "Get tickets").click();
  await heading(page, "By mouse").waitFor();
  await look(page, "intro");
  await button(page, "Join the line").click();
  await heading(page, "Choose a date").waitFor();
  await link(page, "Choose seats").waitFor();
  assert.match(await page.title(), /^Your turn/);
  await look(page, "dates");
  await choose_first_date(page);
  await seat(page, "Stalls, Row 1 Seat 7").click();
  await seat(page, "Stalls, Row 1 Seat 8").click();
  await page.getByText("2 seats chosen").waitFor();
  await look(page, "seats");
  await button(page, "Hold these seats").click();
  await heading(page, "Your seats").waitFor();
  await page.getByText("₩180,000 is missing").waitFor();
  await look(page, "checkout-short");
  await button(page, "Add money").click();
  await page.getByText("₩180,000 was added").waitFor();
  await page.getByText("Statement").click();
  await page.getByRole("cell", { name: "Added" }).waitFor();
  await look(page, "checkout");
  // Pressed twice it is paid once.
  await button(page, "Pay ₩180,000").dblclick();
  await heading(page, "Your tickets").waitFor();
  await page.getByText("Stalls, Row 1 Seat 7").waitFor();
  await look(page, "ticket");
  await page.reload();
  await page.getByText("Paid ₩180,000").waitFor();
  assert.equal(await page.getByRole("article").count(), 1);
  // More than one turn is possible.
  await button(page, "Buy more tickets").click();
  await heading(page, "Choose a date").waitFor();
  await person.close();
});

test("a ticket is bought with the keyboard alone", async () => {
  const concert = await server.add({ title: "By keyboard", seats: hall() });
  const person = await browser.person();
  const page = await person.page();
  await page.goto(`${server.url}/#/${concert}`);
  // Tab until it is there: everything can be reached, in an order that makes sense.
  const go_to = async (role, name) => {
    const wanted = page.getByRole(role, { name }).first();
    await wanted.waitFor();
    for (let i = 0; i < 40; ++i) {
      if (await wanted.evaluate((element) => element === document.activeElement)) return wanted;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not lead to ${role} ${name}`);
  };
  await go_to("button", "Join the line");
  await page.keyboard.press("Enter");
  await heading(page, "Choose a date").waitFor();
  await go_to("link", "Choose seats");
  await page.keyboard.press("Enter");
  await heading(page, "Choose seats").waitFor();
  await page.getByRole("grid").waitFor();
  for (let i = 0; i < 40; ++i) {
    const role = await page.evaluate(() => document.activeElement.getAttribute("role"));
    if (role === "gridcell") break;
    await page.keyboard.press("Tab");
  }
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
  const start = await focused();
  assert.match(start, /Row \d+ Seat \d+/);
  await page.keyboard.press("Home");
  assert.match(await focused(), /Seat 1, /);
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowRight");
  assert.match(await focused(), /Seat 2, /);
  await page.keyboard.press(" ");
  await page.getByText("2 seats chosen").waitFor();
  await look(page, "seats-keyboard");
  await go_to("button", "Hold these seats");
  await page.keyboard.press("Enter");
  await heading(page, "Your seats").waitFor();
  await page.getByText("is missing").waitFor();
  await go_to("button", "Add money");
  await page.keyboard.press("Enter");
  await page.getByText("was added").waitFor();
  await go_to("button", /^Pay /);
  await page.keyboard.press("Enter");
  await heading(page, "Your tickets").waitFor();
  await page.getByRole("article").waitFor();
  await person.close();
});

test("seats are bought from the list, without the plan", async () => {
  const concert = await server.add({ seats: hall() });
  const person = await browser.person();
  const page = await person.page();
  await arrive(page, server, concert);
  await choose_first_date(page);
  await page.getByRole("tab", { name: "List" }).click();
  await page.getByText("Balcony 84 free").click();
  await page.getByText("Row 2 14 free").click();
  await button(page, "Balcony, Row 2 Seat 3").click();
  await page.getByText("1 seat chosen").waitFor();
  await look(page, "list");
  await button(page, "Hold these seats").click();
  await heading(page, "Your seats").waitFor();
  await page.getByText("Balcony, Row 2 Seat 3", { exact: true }).waitFor();
  await person.close();
});

test("the box office chooses the best, and standing places are counted", async () => {
  const concert = await server.add({
    seats: hall(),
    performances: [{ starts_at: starts_at(24) }, { starts_at: starts_at(25) }],
    areas: [{ section: "Floor", capacity: 40, price: 60_000 }],
  });
  const person = await browser.person(PHONE);
  const page = await person.page();
  await arrive(page, server, concert);
  await look(page, "phone-dates");
  await choose_first_date(page);
  await page.getByRole("grid").waitFor();
  await button(page, "One more in Floor").click();
  await button(page, "One more in Floor").click();
  await page.getByText("2 seats chosen").waitFor();
  await look(page, "phone-areas");
  await page.getByRole("tab", { name: "Best available" }).click();
  await page.getByLabel("Section").selectOption("Balcony");
  await look(page, "phone-best");
  await button(page, "Hold the best seats").click();
  await heading(page, "Your seats").waitFor();
  await page.getByText("Balcony, Row 1").first().waitFor();
  await look(page, "phone-checkout");
  await button(page, "Give back").click();
  await page.getByText("The seats were given back.").waitFor();
  await page.getByText("You hold no seats.").waitFor();
  await look(page, "phone-checkout-empty");
  await person.close();
});

test("a payment whose answer was lost is the same one when it is pressed again", async () => {
  const concert = await server.add();
  const person = await browser.person();
  const page = await person.page();
  await arrive(page, server, concert);
  await choose_first_date(page);
  await seat(page, /^Seat 7,/).click();
  await button(page, "Hold these seats").click();
  await button(page, "Add money").click();
  await page.getByText("was added").waitFor();
  const keys = [];
  // The server pays, and the answer does not arrive.
  await page.route("**/v1/payments", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    await route.fetch();
    await route.abort();
  });
  await button(page, /^Pay /).click();
  await page.getByText("The server cannot be reached.").waitFor();
  await look(page, "offline");
  await page.unroute("**/v1/payments");
  page.on("request", (request) => {
    if (request.method() !== "POST") return;
    if (request.url().endsWith("/payments")) keys.push(request.headers()["idempotency-key"]);
  });
  await button(page, /^Pay /)
    .click({ timeout: 2_000 })
    .catch(() => {}); // or told by the stream
  await heading(page, "Your tickets").waitFor();
  await page.getByText("Paid ₩50,000").waitFor();
  assert.equal(new Set(keys).size, 1);
  await person.close();
});
