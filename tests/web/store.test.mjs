import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { is_stored_as, new_uuid, Store } from "../../server/web/store.js";

// As browsers have it, and Node from 19 on.
globalThis.crypto ??= webcrypto;

class Kept extends Map {
  getItem = (name) => this.get(name) ?? null;
  setItem = (name, value) => this.set(name, String(value));
  removeItem = (name) => this.delete(name);
}

test("an attempt keeps its key until it is done, in another tab and after a reload too", () => {
  const kept = new Kept();
  const key = new Store(kept).key_of("pay.r1");
  assert.equal(new Store(kept).key_of("pay.r1"), key);
  assert.notEqual(new Store(kept).key_of("pay.r2"), key);
  new Store(kept).done("pay.r1");
  assert.notEqual(new Store(kept).key_of("pay.r1"), key);
});

test("where nothing may be kept, it is until the page is closed", () => {
  const forbidden = { getItem: deny, setItem: deny, removeItem: deny };
  function deny() {
    throw new Error("denied");
  }
  for (const storage of [forbidden, null]) {
    const store = new Store(storage);
    store.set("token.c", "abc");
    assert.equal(store.get("token.c"), "abc");
    assert.equal(store.key_of("pay.r1"), store.key_of("pay.r1"));
    store.remove("token.c");
    assert.equal(store.get("token.c"), null);
  }
});

test("what is no JSON reads as nothing", () => {
  const kept = new Kept();
  const store = new Store(kept);
  store.set("dates.c", "{");
  assert.equal(store.get_json("dates.c"), null);
  assert.equal(store.get_json("absent"), null);
  store.set_json("dates.c", [1]);
  assert.deepEqual(store.get_json("dates.c"), [1]);
});

test("a storage event is known by the name that it was stored under", () => {
  const kept = new Kept();
  new Store(kept).set("token.c", "abc");
  const [key] = kept.keys();
  assert.ok(is_stored_as(key, "token.c"));
  assert.ok(!is_stored_as(key, "token.d"));
});

test("ids are UUIDs of version 4, each another", () => {
  const ids = Array.from({ length: 100 }, new_uuid);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assert.equal(new Set(ids).size, 100);
});
