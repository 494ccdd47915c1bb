// What happens to one's place, seats and holds, as it happens: told by the server's stream of
// events, and asked for as often as the server says where there is no stream.
//
//   const feed = new Feed({ api, token, on_event, on_state });
//   feed.start();
//
// on_event(name, data): "place", "admitted", "seats", "hold", "reset", "bye" as the server has them;
// "polled" after each answer that came without a stream; "refused" with the Problem where the token
// opens nothing any more. on_state: "live", "polling" or "reconnecting".
//
// Of the tabs at one concert one has the stream, since a browser opens only six connections to a
// server; the others ask, and the next one takes over when it is closed.
import { Problem } from "./api.js";
import { EventParser } from "./sse.js";

// The server says something every 15 s.
const SILENCE_MAX_MS = 40_000;
const POLL_MIN_MS = 1_000;
const POLL_ADMITTED_MS = 3_000;
const POLL_MAX_MS = 60_000;

// Spread, so that a crowd whose server has come back does not come at once.
export function retry_after(failures, random = Math.random) {
  const most = Math.min(30_000, 1_000 * 2 ** Math.min(failures, 5));
  return most / 2 + (random() * most) / 2;
}

function sleep(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

export class Feed {
  #api;
  #token;
  #on_event;
  #on_state;
  #lock;
  #state = "";
  #live = false;
  #last_id = "";
  #last_position = null;
  #stopped = new AbortController();
  #woken = new AbortController();
  #connection = null;
  #random;

  // `lock(work)` runs work while no other tab does; without it every tab has a stream.
  constructor({ api, token, on_event, on_state, lock = null, random = Math.random }) {
    this.#api = api;
    this.#token = token;
    this.#on_event = on_event;
    this.#on_state = on_state;
    this.#lock = lock ?? ((_signal, work) => work());
    this.#random = random;
  }

  start() {
    this.#stream_on();
    this.#poll_on();
  }

  stop() {
    this.#stopped.abort();
    this.wake();
  }

  // Asks at once: the network is back, or the page is looked at again.
  wake() {
    this.#woken.abort();
    this.#woken = new AbortController();
  }

  // The network is gone: a stream that nothing arrives by is not waited for.
  cut() {
    this.#connection?.abort();
  }

  #enter(state) {
    if (state === this.#state || this.#stopped.signal.aborted) return;
    this.#state = state;
    this.#on_state(state);
  }

  #tell(name, data) {
    if (this.#stopped.signal.aborted) return;
    if (data?.position !== undefined) this.#last_position = data.position ?? this.#last_position;
    this.#on_event(name, data);
  }

  async #stream_on() {
    let failures = 0;
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#lock(this.#stopped.signal, async () => {
          await this.#stream();
        });
        failures = 0;
      } catch {
        failures += 1;
      }
      if (this.#live) {
        this.#live = false;
        this.#enter("reconnecting");
        this.wake();
      }
      if (!this.#stopped.signal.aborted) {
        await sleep(retry_after(failures, this.#random), this.#woken.signal);
      }
    }
  }

  // Ends well where the server ended it, and throws where it was cut off.
  async #stream() {
    const ended = (this.#connection = new AbortController());
    const stop = () => ended.abort();
    this.#stopped.signal.addEventListener("abort", stop);
    let silence = setTimeout(stop, SILENCE_MAX_MS);
    try {
      const response = await this.#api.events(this.#token, this.#last_id, ended.signal);
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE_MAX_MS);
        this.#live = true;
        this.#enter("live");
        for (const event of parser.push(decoder.decode(value, { stream: true }))) {
          if (event.id) this.#last_id = event.id;
          this.#tell(event.event, JSON.parse(event.data));
        }
      }
    } finally {
      clearTimeout(silence);
      this.#stopped.signal.removeEventListener("abort", stop);
      ended.abort();
    }
  }

  async #poll_on() {
    // The stream mostly comes first, and then nobody need ask.
    let wait = 1_500;
    let failures = 0;
    while (!this.#stopped.signal.aborted) {
      await sleep(wait, this.#woken.signal);
      wait = POLL_MAX_MS;
      if (this.#live || this.#stopped.signal.aborted) continue;
      try {
        const place = await this.#ask();
        failures = 0;
        wait = this.#wait_after(place);
        if (!this.#live) this.#enter("polling");
      } catch (problem) {
        if (problem instanceof Problem && !problem.is_passing)
          return this.#tell("refused", problem);
        failures += 1;
        wait = Math.max(retry_after(failures, this.#random), problem.retry_after_ms ?? 0);
        if (!this.#live) this.#enter("reconnecting");
      }
    }
  }

  async #ask() {
    const last = this.#last_position === null ? "" : "?last=" + this.#last_position;
    const options = { token: this.#token };
    const { data } = await this.#api.call("GET", "/v1/tokens/current" + last, options);
    if (!this.#live) {
      this.#tell("place", data);
      this.#tell("polled", data);
    }
    return data;
  }

  // Who is in wants to see seats come and go.
  #wait_after(place) {
    if (place.status === "admitted") return POLL_ADMITTED_MS;
    return Math.min(Math.max(place.poll_after_ms ?? 0, POLL_MIN_MS), POLL_MAX_MS);
  }
}
