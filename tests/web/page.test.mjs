import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const web = new URL("../../server/web/", import.meta.url);
const read = (file) => readFileSync(new URL(file, web), "utf8");
const modules = readdirSync(web).filter((file) => file.endsWith(".js"));

test("a module is less than 400 lines long", () => {
  for (const file of modules) assert.ok(read(file).split("\n").length <= 400, file);
});

test("nothing is loaded from elsewhere, and nothing stands in the page that its policy forbids", () => {
  const page = read("index.html");
  for (const [, address] of page.matchAll(/(?:src|href)="([^"]*)"/g))
    assert.match(address, /^\/web\//);
  assert.doesNotMatch(page, /<style|<script(?![^>]*src)|\son\w+=|\sstyle=/);
  for (const file of modules) {
    const code = read(file);
    for (const [, from] of code.matchAll(/from "([^"]*)"/g))
      assert.match(from, /^\.\/\w+\.js$/, file);
    assert.doesNotMatch(
      code,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/,
      file,
    );
    assert.doesNotMatch(
      code,
      /setAttribute\("style"|\bstyle: "(?!currency)|https?:\/\/(?!www\.w3\.org\/)/,
      file,
    );
  }
  assert.doesNotMatch(read("style.css"), /@import|url\(/);
});

// Else the browser would ask for one module after the other, as deep as they import.
test("the page names every module that it will need, so that all are fetched at once", () => {
  const page = read("index.html");
  const named = [...page.matchAll(/rel="modulepreload" href="\/web\/([^"]*)"/g)].map(
    ([, file]) => file,
  );
  assert.deepEqual(named, modules.filter((file) => file !== "app.js").sort());
});

test("every module is imported by another, but for the first", () => {
  const code = modules.map(read).join("\n");
  for (const file of modules) {
    if (file !== "app.js") assert.ok(code.includes(`from "./${file}"`), file);
  }
});

test("every colour that is used is a variable, and has a value for light and for dark", () => {
  const sheet = read("style.css");
  const [light, dark] = [...sheet.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block);
  const names = (block) => [...block.matchAll(/(--[\w-]+):/g)].map(([, name]) => name).sort();
  assert.deepEqual(names(dark), names(light));
  const used = [...sheet.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name);
  for (const name of used) assert.ok(names(light).includes(name), name);
});
