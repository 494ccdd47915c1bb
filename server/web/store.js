// What the browser remembers from one visit to the next. Where it may not remember anything, as in
// some private windows, it does so until the page is closed.

const PREFIX = "concertres.";

export class Store {
  #kept;
  #memory = new Map();

  constructor(storage) {
    this.#kept = storage;
  }

  get(name) {
    try {
      return this.#kept.getItem(PREFIX + name);
    } catch {
      return this.#memory.get(name) ?? null;
    }
  }

  set(name, value) {
    try {
      this.#kept.setItem(PREFIX + name, value);
    } catch {
      this.#memory.set(name, value);
    }
  }

  remove(name) {
    this.#memory.delete(name);
    try {
      this.#kept.removeItem(PREFIX + name);
    } catch {
      // It is not there either.
    }
  }

  get_json(name) {
    try {
      return JSON.parse(this.get(name));
    } catch {
      return null;
    }
  }

  set_json(name, value) {
    this.set(name, JSON.stringify(value));
  }

  // The key of an attempt: the same until it is done(), in all tabs and after a reload, so that the
  // server can tell one attempt that is sent twice from two.
  key_of(attempt) {
    const name = "key." + attempt;
    let key = this.get(name);
    if (!key) this.set(name, (key = new_uuid()));
    return key;
  }

  done(attempt) {
    this.remove("key." + attempt);
  }
}

// crypto.randomUUID() is missing where the page is not served over TLS.
export function new_uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Whether a key of a storage event, which has the prefix, is that name.
export function is_stored_as(key, name) {
  return key === PREFIX + name;
}
