// The browser that the tests drive, and what they look at on every page: that nothing failed on it,
// that axe finds no fault, and how it looks.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after } from "node:test";
import { start_server } from "./server.mjs";

const modules = createRequire(join(process.env.WEB_TESTS_MODULES, "package.json"));
const { chromium } = modules("playwright-core");
const axe = readFileSync(modules.resolve("axe-core/axe.min.js"), "utf8");
const shots = process.env.WEB_TESTS_PICTURES;

const WAIT_MS = 15_000;
const DESK = { width: 1_100, height: 850 };
export const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

// What the browser says of answers that the page expects, such as that there is no draw.
const IS_NO_FAULT = /Failed to load resource/;

// What a file of tests begins with; both end with it.
export async function begin() {
  const [server, browser] = await Promise.all([start_server(), start_browser()]);
  after(() => Promise.all([browser.close(), server.stop()]));
  return { server, browser };
}

async function start_browser() {
  const executablePath = process.env.WEB_TESTS_BROWSER;
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return {
    // One person, with a store of their own. Its pages share it.
    async person(options = {}) {
      const context = await browser.newContext({ viewport: DESK, locale: "en-GB", ...options });
      context.setDefaultTimeout(WAIT_MS);
      const faults = [];
      context.on("weberror", (error) => faults.push(error.error().stack));
      context.on("console", (message) => {
        const text = message.text();
        if (message.type() === "error" && !IS_NO_FAULT.test(text)) faults.push(text);
      });
      return {
        context,
        page: () => context.newPage(),
        async close() {
          await context.close();
          assert.deepEqual(faults, []);
        },
      };
    },
    close: () => browser.close(),
  };
}

// Looks at the page as it is now: no faults of accessibility, nothing wider than the page; and a
// picture of it, light and dark.
export async function look(page, name) {
  mkdirSync(shots, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: join(shots, `${name}-${colorScheme}.png`), fullPage: true });
    await is_accessible(page, `${name}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  const [wide, seen] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(wide <= seen, `${name} is ${wide} wide on a page of ${seen}`);
}

// No faults of accessibility; of `rules` those that are set to { enabled: false } are not asked for.
export async function is_accessible(page, name, rules = {}) {
  // Evaluated, not loaded: the page's policy forbids scripts in it. Once for each page.
  if (await page.evaluate(() => !("axe" in globalThis))) await page.evaluate(axe + ";undefined");
  const { violations } = await page.evaluate((rules) => axe.run(document, { rules }), rules);
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join("\n")}`);
  assert.deepEqual(found, [], name);
}

// What can be seen, as against what is spoken.
export const says = (page, text) => page.getByRole("main").getByText(text);
export const button = (page, name) => page.getByRole("button", { name });
export const link = (page, name) => page.getByRole("link", { name });
export const heading = (page, name) => page.getByRole("heading", { level: 1, name });
export const seat = (page, name) => page.getByRole("gridcell", { name });

// From the list of concerts to the dates, which are there as soon as one is let in.
export async function arrive(page, server, concert) {
  await page.goto(`${server.url}/#/${concert}`);
  await button(page, "Join the line").click();
  await heading(page, "Choose a date").waitFor();
}

export async function choose_first_date(page) {
  await link(page, "Choose seats").first().click();
  await heading(page, "Choose seats").waitFor();
}
