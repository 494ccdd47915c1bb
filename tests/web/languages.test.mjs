import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import console_en_alone from "../../server/web/console/en.js";
import console_ko_alone from "../../server/web/console/ko.js";
import rules_en from "../../server/web/console/rules_en.js";
import rules_ko from "../../server/web/console/rules_ko.js";
import docs_en from "../../server/web/docs/en.js";
import docs_ko from "../../server/web/docs/ko.js";
import en from "../../server/web/en.js";
import { choose_language, set_language, t } from "../../server/web/i18n.js";
import ko from "../../server/web/ko.js";
import { texts_of } from "../../server/web/problems.js";

const root = new URL("../../", import.meta.url);
const web = new URL("server/web/", root);
const marks_of = (text) =>
  [...new Set(JSON.stringify(text).match(/\{\w+\}/g) ?? [])].sort().join(" ");

const console_en = { ...console_en_alone, ...rules_en };
const console_ko = { ...console_ko_alone, ...rules_ko };

// The page's texts, and those that the console and /docs have beside them.
const SETS = [
  { en, ko },
  { en: console_en, ko: console_ko },
  { en: docs_en, ko: docs_ko },
];

test("both languages have the same texts", () => {
  for (const set of SETS) assert.deepEqual(Object.keys(set.ko).sort(), Object.keys(set.en).sort());
});

test("a text has the same values in both languages, and no text is empty", () => {
  const forms = (text) => (typeof text === "string" ? [text] : Object.values(text));
  for (const set of SETS) {
    for (const name of Object.keys(set.en)) {
      assert.equal(marks_of(set.ko[name]), marks_of(set.en[name]), name);
      for (const form of [...forms(set.en[name]), ...forms(set.ko[name])]) {
        assert.ok(form.trim().length > 0, name);
      }
    }
  }
});

test("a text with a plural has every form that its language has", () => {
  for (const [tag, all] of SETS.flatMap(Object.entries)) {
    const { pluralCategories } = new Intl.PluralRules(tag).resolvedOptions();
    for (const [name, text] of Object.entries(all)) {
      if (typeof text !== "object") continue;
      assert.deepEqual(Object.keys(text).sort(), [...pluralCategories].sort(), name);
    }
  }
});

test("no other page says something by a name that the page has", () => {
  for (const name of Object.keys({ ...console_en, ...docs_en })) assert.ok(!(name in en), name);
});

function code_in(folder) {
  const modules = readdirSync(folder).filter((file) => /^(?!(rules_)?(en|ko)\.).*\.js$/.test(file));
  return modules.map((file) => readFileSync(new URL(file, folder), "utf8")).join("\n");
}

// Names of texts stand in the modules in full, or begin there: "sale." + ...
function check_used(code, texts, known, others) {
  const quoted = new Set([...code.matchAll(/"([a-z]+(?:\.[a-z_]+)+)"/g)].map(([, name]) => name));
  const begun = [...code.matchAll(/"([a-z]+\.(?:[a-z]+\.)*)" \+/g)].map(([, start]) => start);
  for (const name of Object.keys(texts)) {
    const is_used =
      quoted.has(name) || others.has(name) || begun.some((one) => name.startsWith(one));
    assert.ok(is_used, name + " is not used");
  }
  const places = new Set(Object.keys(texts).map((name) => name.split(".")[0]));
  for (const name of quoted) {
    if (places.has(name.split(".")[0])) assert.ok(name in known, name + " is not there");
  }
}

test("every text is used, and what is used is there", () => {
  check_used(code_in(web), en, en, new Set(["number", "ended.expired.do", "ended.left.do"]));
  const others = new Set(["problem.download_broken", "problem.download_broken.do"]);
  const folder = new URL("console/", web);
  check_used(code_in(folder), console_en, { ...en, ...console_en }, others);
  // Of /docs the server makes a part.
  const made = ["server/web/docs/index.html", "server/api/start_page.cpp"].map((file) =>
    readFileSync(new URL(file, root), "utf8").replaceAll("\\", ""),
  );
  const code = code_in(new URL("docs/", web)) + made.join("\n");
  check_used(code, docs_en, { ...en, ...docs_en }, new Set());
});

test("every code that a buyer may meet has words of its own", () => {
  const document = readFileSync(new URL("docs/reference/errors.md", root), "utf8");
  const codes = [...document.matchAll(/^### ([a-z_]+)$/gm)].map(([, code]) => code);
  assert.ok(codes.length > 40, "errors.md has them as headings");
  // What a buyer cannot bring about, or nothing but trying again can be said of.
  const others = new Set([
    "admin_key_invalid",
    "backup_failed",
    "body_too_large",
    "currency_mismatch",
    "date_ambiguous",
    "engine_failed",
    "framing_invalid",
    "head_too_large",
    "idempotency_key_required",
    "internal",
    "key_reused",
    "length_required",
    "media_type_unsupported",
    "method_not_allowed",
    "refund_not_allowed",
    "request_invalid",
    "storage_full",
    "target_too_long",
    "unknown_id",
    "unknown_route",
    "version_unsupported",
  ]);
  const wordless = codes.filter(
    (code) => texts_of(code).what === "problem.unknown" && !others.has(code),
  );
  assert.deepEqual(wordless, []);
  for (const code of [...codes, "offline"]) {
    const { what, next } = texts_of(code);
    for (const all of [en, ko]) assert.ok(what in all && next in all, code);
  }
});

test("the language is the one that was chosen, then the first that the reader prefers", () => {
  assert.equal(choose_language("ko", ["en-GB"]), "ko");
  assert.equal(choose_language(null, ["fr", "ko-KR", "en"]), "ko");
  assert.equal(choose_language(null, ["fr"]), "en");
  assert.equal(choose_language("xx", []), "en");
});

test("plurals and values stand in the text as the language has it", () => {
  set_language("en");
  assert.equal(t("line.ahead", { n: 1 }), "1 person is ahead of you");
  assert.equal(t("line.ahead", { n: 1_234 }), "1,234 people are ahead of you");
  set_language("ko");
  assert.equal(t("line.title", { n: 1_234 }), "(1,234) 대기 중");
  assert.throws(() => t("no.such.text"));
});
