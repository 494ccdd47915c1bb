// Links by which the host's page hands over who is signed in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrive, begin, button, heading, look, says } from "./browser.mjs";

const { server, browser } = await begin();

test("who is sent by the host with a token is who the host says, and sees that a link brought them", async () => {
  const concert = await server.add();
  const { token, user_id } = await server.join(concert);
  const person = await browser.person();
  const page = await person.page();
  await page.goto(`${server.url}/#token=${token}`);
  await heading(page, "Choose a date").waitFor();
  assert.ok(!page.url().includes("token"));
  const user = () => page.evaluate(() => localStorage.getItem("concertres.user"));
  assert.equal(await user(), user_id);
  const brought = page.getByText(`A link has brought you here as buyer ${user_id.slice(0, 8)}.`);
  await brought.waitFor();
  await look(page, "linked");
  // The host sends the same buyer once more: nothing is asked.
  await page.goto(`${server.url}/#token=${token}`);
  await page.waitForURL(`${server.url}/#/${concert}`);
  await heading(page, "Choose a date").waitFor();
  await page.goto(`${server.url}/#token=forged`);
  await says(page, "This page no longer knows who you are.").waitFor();
  assert.equal(await user(), user_id);
  // Who is somebody else leaves it, and is nobody's any more.
  await page.goto(`${server.url}/#/${concert}`);
  await button(page, "That is not me").click();
  await button(page, "Join the line").waitFor();
  assert.equal(await user(), null);
  await brought.waitFor({ state: "hidden" });
  await person.close();
});

test("of two links that follow one another the newer one counts, whichever is answered first", async () => {
  const concert = await server.add();
  const { token } = await server.join(concert);
  const older = await server.join(concert);
  const person = await browser.person();
  const page = await person.page();
  await page.goto(`${server.url}/#token=${token}`);
  await heading(page, "Choose a date").waitFor();
  const told = says(page, "This page no longer knows who you are.");
  // The older link, another buyer's, is answered after the newer one.
  let answer;
  const may_answer = new Promise((resolve) => (answer = resolve));
  const asked = "**/v1/tokens/current";
  await page.route(asked, async (route) => {
    const { authorization } = route.request().headers();
    if (authorization.endsWith(older.token)) await may_answer;
    await route.continue();
  });
  await page.goto(`${server.url}/#token=${older.token}`);
  await page.goto(`${server.url}/#token=forged`);
  await told.waitFor();
  const answered = page.waitForResponse((one) => one.ok() && one.url().endsWith("/current"));
  answer();
  await answered;
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  assert.ok(await told.isVisible());
  assert.equal(await page.getByRole("dialog").count(), 0);
  const kept = await page.evaluate(
    (id) => localStorage.getItem("concertres.token." + id),
    concert,
  );
  assert.equal(kept, token);
  await page.unroute(asked);
  // It comes when the newer one has changed the address, and before the page hears of that.
  await button(page, "Try again").click();
  await heading(page, "Concerts").waitFor();
  await page.evaluate((concert) => {
    location.hash = "#token=forged";
    history.replaceState(null, "", "#/" + concert);
  }, concert);
  await told.waitFor();
  assert.ok(!page.url().includes("token"));
  await person.close();
});

test("a link for another buyer is taken only by who wants it: whatever is paid there is theirs", async () => {
  const concert = await server.add();
  const other = await server.join(concert);
  const person = await browser.person();
  const page = await person.page();
  await arrive(page, server, concert);
  const kept = () =>
    page.evaluate(
      (id) => ["user", "token." + id].map((name) => localStorage.getItem("concertres." + name)),
      concert,
    );
  const own = await kept();
  await page.goto(`${server.url}/#token=${other.token}`);
  const sure = page.getByRole("dialog");
  await sure.getByText(`This link is for buyer ${other.user_id.slice(0, 8)}`).waitFor();
  await look(page, "link-sure");
  assert.ok(!page.url().includes("token"));
  await sure.getByRole("button", { name: "Stay who I am" }).click();
  await heading(page, "Choose a date").waitFor();
  assert.deepEqual(await kept(), own);
  assert.equal(await button(page, "That is not me").isVisible(), false);
  // Dismissed with the keyboard, it is not taken either.
  await page.goto(`${server.url}/#token=${other.token}`);
  await sure.waitFor();
  await page.keyboard.press("Escape");
  await heading(page, "Choose a date").waitFor();
  assert.deepEqual(await kept(), own);
  await page.goto(`${server.url}/#token=${other.token}`);
  await sure.getByRole("button", { name: "Go on as another" }).click();
  await button(page, "That is not me").waitFor();
  await heading(page, "Choose a date").waitFor();
  assert.deepEqual(await kept(), [other.user_id, other.token]);
  await person.close();
});

test("a link that meets a busy server is kept, and tried again", async () => {
  const concert = await server.add();
  const { token } = await server.join(concert);
  const person = await browser.person();
  const page = await person.page();
  const asked = "**/v1/tokens/current";
  const busy = { code: "overloaded", detail: "too many" };
  await page.route(asked, (route) => route.fulfill({ status: 503, json: busy }));
  await page.goto(`${server.url}/#token=${token}`);
  await button(page, "Try again").waitFor();
  assert.ok(!page.url().includes("token"));
  await page.unroute(asked);
  await button(page, "Try again").click();
  await heading(page, "Choose a date").waitFor();
  await person.close();
});

test("a visit that was left for a link does not take the buyer back when its answer comes", async () => {
  const concert = await server.add();
  const other = await server.join(concert);
  const person = await browser.person();
  const page = await person.page();
  let answer;
  const may_answer = new Promise((resolve) => (answer = resolve));
  await page.route("**/tokens", async (route) => {
    await may_answer;
    await route.continue();
  });
  await page.goto(`${server.url}/#/${concert}`);
  await button(page, "Join the line").click();
  await page.goto(`${server.url}/#token=${other.token}`);
  await page.getByRole("dialog").getByRole("button", { name: "Go on as another" }).click();
  await heading(page, "Choose a date").waitFor();
  const joined = page.waitForResponse((one) => one.url().endsWith("/tokens"));
  answer();
  await joined;
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
  const kept = await page.evaluate((id) => localStorage.getItem("concertres.token." + id), concert);
  assert.equal(kept, other.token);
  await heading(page, "Choose a date").waitFor();
  await person.close();
});
