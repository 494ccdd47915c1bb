// Calls of the server. What is refused is thrown as a Problem, whose code is the server's, or
// "offline" where nothing was answered.

const ANSWER_MAX_MS = 20_000;

export class Problem extends Error {
  constructor({ code, status = 0, detail = "", seats = [], faults = [], retry_after_ms = null }) {
    super(detail || code);
    Object.assign(this, { code, status, detail, seats, faults, retry_after_ms });
  }

  // Whether the same may be tried again, and the answer could be another.
  get is_passing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

// Of a response that refuses; `faults` are what is wrong with the input: { pointer, code, detail }.
export async function problem_of(response) {
  const told = await response.json().catch(() => ({}));
  const seconds = Number(response.headers.get("Retry-After"));
  return new Problem({
    code: told.code ?? "internal",
    status: response.status,
    detail: told.detail ?? "",
    seats: told.seats ?? [],
    faults: told.errors ?? [],
    retry_after_ms: seconds > 0 ? seconds * 1000 : null,
  });
}

export class Api {
  #fetch;
  #clock;

  constructor(clock, fetch_ = (...given) => fetch(...given)) {
    this.#clock = clock;
    this.#fetch = fetch_;
  }

  // { status, data, etag }; status 304 and no data where the ETag's answer is still the answer.
  async call(method, path, { token, body, key, etag } = {}) {
    const headers = {};
    if (token) headers.Authorization = "Bearer " + token;
    if (key) headers["Idempotency-Key"] = key;
    if (etag) headers["If-None-Match"] = etag;
    if (body) headers["Content-Type"] = "application/json";
    const sent_at = this.#clock.elapsed();
    let response;
    let data = null;
    try {
      response = await this.#fetch(path, {
        method,
        headers,
        body: body ? JSON.stringify(body) : undefined,
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.timeout(ANSWER_MAX_MS),
      });
      if (response.ok && response.status !== 204) data = await response.json();
    } catch (failure) {
      throw new Problem({ code: "offline", detail: String(failure) });
    }
    if (!response.ok && response.status !== 304) throw await problem_of(response);
    if (data?.now) this.#clock.heard(data.now, sent_at);
    return { status: response.status, data, etag: response.headers.get("ETag") };
  }

  // A response whose body is a stream of events; `signal` ends it.
  async events(token, last_id, signal) {
    const headers = { Authorization: "Bearer " + token };
    if (last_id) headers["Last-Event-ID"] = last_id;
    const response = await this.#fetch("/v1/tokens/current/events", {
      headers,
      cache: "no-store",
      credentials: "omit",
      signal,
    });
    if (!response.ok) throw await problem_of(response);
    return response;
  }
}
