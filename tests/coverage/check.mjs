// node check.mjs EXPORT ROOT EXCEPTIONS [FOLDER...]: line and branch coverage of the folders (by
// default the rules and the engine), from what `llvm-cov export` wrote. Fails where a branch was
// not taken that EXCEPTIONS does not list, and where it lists what is taken or is not there.
//
// An exception is "FILE | TEXT OF THE LINE | REASON": by its text, because numbers of lines move.
// A branch is counted once where the source has it, however many types its template is made for.
// Not counted are branches within a CONCERTRES_ASSERT (a test that took the other one would have
// found a fault), and the way past all cases of a switch without a default: the compiler sees to it
// that each value has its case.
import { readFileSync } from "node:fs";

const [exportFile, root, exceptionsFile, ...named] = process.argv.slice(2);
const folders = named.length > 0 ? named : ["src/domain", "src/engine"];
const faults = [];

// "file|text" -> whether it was needed
const excepted = new Map();
for (const line of readFileSync(exceptionsFile, "utf8").split("\n")) {
  if (line === "" || line.startsWith("#")) continue;
  const parts = line.split(" | ");
  if (parts.length !== 3) faults.push(`${exceptionsFile}: not FILE | TEXT | REASON: ${line}`);
  else excepted.set(`${parts[0].trim()}|${parts[1].trim()}`, false);
}

const count = (text, character) => text.split(character).length - 1;

// The numbers of the lines that assertions stand on.
function assertedLines(source) {
  const asserted = new Set();
  let depth = 0;
  source.forEach((line, index) => {
    const at = line.indexOf("CONCERTRES_ASSERT(");
    if (depth === 0 && at < 0) return;
    asserted.add(index + 1);
    const text = depth > 0 ? line : line.slice(at);
    depth += count(text, "(") - count(text, ")");
  });
  return asserted;
}

// Each branch where the source has it: [line, text before it, how often true, how often false].
function branchesOf(file, source) {
  const branches = new Map();
  for (const [line, column, lastLine, lastColumn, taken, passed] of file.branches) {
    const place = [line, column, lastLine, lastColumn].join();
    const branch = branches.get(place) ??
      { line, before: source[line - 1].slice(0, column - 1), taken: 0, passed: 0 };
    branch.taken += taken;
    branch.passed += passed;
    branches.set(place, branch);
  }
  return branches.values();
}

const totals = { lines: 0, linesRun: 0, branches: 0, taken: 0, excepted: 0 };

function check(file, name) {
  const source = readFileSync(`${root}/${name}`, "utf8").split("\n");
  const asserted = assertedLines(source);
  totals.lines += file.summary.lines.count;
  totals.linesRun += file.summary.lines.covered;
  const told = new Set();
  for (const branch of branchesOf(file, source)) {
    if (asserted.has(branch.line)) continue;
    const isSwitch = /\bswitch \($/.test(branch.before);
    for (const times of isSwitch ? [branch.passed] : [branch.taken, branch.passed]) {
      ++totals.branches;
      if (times > 0) {
        ++totals.taken;
        continue;
      }
      const text = source[branch.line - 1].trim();
      const key = `${name}|${text}`;
      if (excepted.has(key)) {
        excepted.set(key, true);
        ++totals.excepted;
      } else if (!told.has(branch.line)) {
        told.add(branch.line);
        faults.push(`${name}:${branch.line}: a branch is never taken: ${text}`);
      }
    }
  }
}

for (const file of JSON.parse(readFileSync(exportFile, "utf8")).data[0].files) {
  if (!file.filename.startsWith(`${root}/`)) continue;
  const name = file.filename.slice(root.length + 1);
  if (folders.some((folder) => name.startsWith(`${folder}/`))) check(file, name);
}
if (totals.branches === 0 || totals.lines === 0) {
  console.log(`nothing was measured of ${folders.join(" ")}`);
  process.exit(1);
}
for (const [key, needed] of excepted) {
  if (needed) continue;
  faults.push(`${exceptionsFile}: lists what is taken, or is not there: ${key.replace("|", " | ")}`);
}
faults.forEach((fault) => console.log(fault));
const share = (part, whole) => `${part} of ${whole} (${((100 * part) / whole).toFixed(2)} %)`;
console.log(`lines    ${share(totals.linesRun, totals.lines)}`);
console.log(`branches ${share(totals.taken, totals.branches)}, ${totals.excepted} excepted`);
process.exit(faults.length > 0 ? 1 : 0);
