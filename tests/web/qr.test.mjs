import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { qr_code, qr_path } from "../../server/web/qr.js";

const rows_of = (code) =>
  Array.from({ length: code.size }, (_, y) =>
    Array.from({ length: code.size }, (_, x) => (code.at(x, y) ? "#" : ".")).join(""),
  );

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const text_of = (length) =>
  Array.from({ length }, (_, i) => LETTERS[(i * i * 31 + i * 7) % 64]).join("");

// The codes here were made with libqrencode 4.1.1 (qrencode -8 -l M), which weighs masks in another
// way at times: these are texts where both choose the same.
test("a code is, module for module, what another encoder makes of the same text", () => {
  assert.deepEqual(rows_of(qr_code("the door")), [
    "#######..##.#.#######",
    "#.....#...#.#.#.....#",
    "#.###.#.####..#.###.#",
    "#.###.#.####..#.###.#",
    "#.###.#.#####.#.###.#",
    "#.....#.#.#.#.#.....#",
    "#######.#.#.#.#######",
    "........#..##........",
    "#.#####..##.#.#####..",
    ".#.#........#...#...#",
    ".####.##.#.#..#...##.",
    "#.##.#.#.##.....###..",
    ".##.###...##....#..#.",
    "........##.##########",
    "#######..#..#.#..###.",
    "#.....#.#######.#.#..",
    "#.###.#.##..#...#...#",
    "#.###.#.#...#..##.#..",
    "#.###.#.#..#.#....#..",
    "#.....#...#....#.##..",
    "#######.####.#.....#.",
  ]);
});

test("so it is with the larger ones, up to far more than a ticket has", () => {
  for (const [length, version, mask, sha256] of [
    [26, 2, 2, "fd0220a5bb0e44ea558cbdc569824b801956b2a1e241c03ce2eafc7c2c8b4375"],
    [40, 3, 2, "0cdee810ace2f641891003272a5d9201946964c5cfb33b1579bda183d1c73717"],
    [108, 7, 3, "04416483819989d8aa6c51d537c623b14640622b26e9a31cc955043304ba63a8"],
    [120, 7, 1, "0a1308fa6f4c37e9f1f4ee5dd93c32f596fce93e87c6fd47eeb7eff3e8f746c3"],
    [222, 11, 3, "8cda89db2210cbf3679fa01ffeecf71667d2cba1c904e444f54e54e17911b9d6"],
    [330, 13, 6, "37530ecb44ea3e5b1572ba63ad32978f9300328019fb1151b9c96eaa681982b3"],
    [412, 15, 3, "c35ce333b0aa5377ab5213ee6059eb900824b5a1bd918dff8a7adbeba1f5a509"],
    [500, 17, 6, "f158e19be935eeb142f4499764e9fd9cb39b7d893c998efdac856e7d8c9454d5"],
  ]) {
    const code = qr_code(text_of(length));
    assert.deepEqual([code.version, code.mask], [version, mask]);
    const made = createHash("sha256").update(rows_of(code).join("\n")).digest("hex");
    assert.equal(made, sha256, `${length} letters`);
  }
});

test("the smallest version that has room is taken, and what fits none is none", () => {
  // What the standard says that byte mode holds at level M.
  for (const [version, bytes] of [
    [1, 14],
    [9, 180],
    [10, 213],
    [15, 412],
    [26, 1_059],
    [27, 1_125],
    [40, 2_331],
  ]) {
    const code = qr_code("x".repeat(bytes));
    assert.equal(code.version, version);
    assert.equal(code.size, 17 + 4 * version);
    assert.equal(qr_code("x".repeat(bytes + 1))?.version ?? 41, version + 1);
  }
  // Letters count as the bytes that they are in UTF-8.
  assert.equal(qr_code("한".repeat(5)).version, 2);
  assert.equal(qr_code("").version, 1);
});

test("the path draws the dark modules, all of them and no others", () => {
  const code = qr_code(text_of(60));
  const drawn = Array.from({ length: code.size }, () => Array(code.size).fill("."));
  for (const [, x, y, width] of qr_path(code).matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let i = 0; i < Number(width); ++i) drawn[y][Number(x) + i] = "#";
  }
  assert.deepEqual(
    drawn.map((row) => row.join("")),
    rows_of(code),
  );
  assert.equal(qr_path(code).replace(/M\d+ \d+h(\d+)v1h-\1z/g, ""), "");
});
