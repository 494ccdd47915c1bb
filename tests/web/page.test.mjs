import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

// The page that people buy from, and those that use parts of it: the operators' console, and /docs.
const web = new URL("../../server/web/", import.meta.url);
const read = (file) => readFileSync(new URL(file, web), "utf8");
const scripts_in = (folder) =>
  readdirSync(new URL(folder, web))
    .filter((file) => file.endsWith(".js"))
    .map((file) => folder + file);
const modules = scripts_in("");
const FOLDERS = ["console/", "docs/"];
const all_modules = [...modules, ...FOLDERS.flatMap(scripts_in)];
const PAGES = ["index.html", "console/index.html", "docs/index.html"];
const SHEETS = ["style.css", "console/console.css", "docs/docs.css"];

// What a module imports, as it is called below the folder.
function imports_of(file) {
  return [...read(file).matchAll(/from "([^"]*)"/g)].map(([, from]) =>
    new URL(from, new URL(file, web)).href.slice(web.href.length),
  );
}

test("a module is less than 400 lines long", () => {
  for (const file of all_modules) assert.ok(read(file).split("\n").length <= 400, file);
});

test("nothing is loaded from elsewhere, and nothing stands in the page that its policy forbids", () => {
  for (const name of PAGES) {
    const page = read(name);
    for (const [, address] of page.matchAll(/<(?:link|script)[^>]*(?:src|href)="([^"]*)"/g))
      assert.match(address, /^\/web\//);
    for (const [, address] of page.matchAll(/<a [^>]*href="([^"]*)"/g))
      assert.match(address, /^[/#]/);
    assert.doesNotMatch(page, /<style|<script(?![^>]*src)|\son\w+=|\sstyle=/);
  }
  for (const file of all_modules) {
    const code = read(file);
    for (const [, from] of code.matchAll(/from "([^"]*)"/g))
      assert.match(from, /^\.\.?\/\w+\.js$/, file);
    assert.doesNotMatch(
      code,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/,
      file,
    );
    assert.doesNotMatch(
      code,
      /setAttribute\("style"|\bstyle: "(?!currency|unit)|https?:\/\/(?!www\.w3\.org\/)/,
      file,
    );
  }
  for (const sheet of SHEETS) assert.doesNotMatch(read(sheet), /@import|url\(/);
});

// Else the browser would ask for one module after the other, as deep as they import.
test("a page names every module that it will need, so that all are fetched at once", () => {
  for (const [page, first] of [
    ["index.html", "app.js"],
    ["console/index.html", "console/app.js"],
    ["docs/index.html", "docs/app.js"],
  ]) {
    const needed = new Set();
    const follow = (file) => {
      if (needed.has(file)) return;
      needed.add(file);
      imports_of(file).forEach(follow);
    };
    follow(first);
    needed.delete(first);
    const named = [...read(page).matchAll(/rel="modulepreload" href="\/web\/([^"]*)"/g)].map(
      ([, file]) => file,
    );
    assert.deepEqual([...named].sort(), [...needed].sort(), page);
  }
});

test("every module is imported by another, but for the first; the page needs none of the others'", () => {
  const imported = new Set(all_modules.flatMap(imports_of));
  for (const file of all_modules) {
    if (!file.endsWith("app.js")) assert.ok(imported.has(file), file);
  }
  for (const file of modules.flatMap(imports_of)) {
    for (const folder of FOLDERS) assert.ok(!file.startsWith(folder), file);
  }
});

test("every colour that is used is a variable, and has a value for light and for dark", () => {
  const [light, dark] = [...read("style.css").matchAll(/:root \{([^}]*)\}/g)].map(
    ([, block]) => block,
  );
  const names = (block) => [...block.matchAll(/(--[\w-]+):/g)].map(([, name]) => name).sort();
  assert.deepEqual(names(dark), names(light));
  for (const sheet of SHEETS) {
    const used = [...read(sheet).matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name);
    for (const name of used) assert.ok(names(light).includes(name), name);
  }
  for (const sheet of SHEETS.slice(1)) {
    assert.doesNotMatch(read(sheet), /:[^;{]*#[0-9a-f]{3,8}\b/i, sheet);
  }
});
