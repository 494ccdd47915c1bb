// What the load tests have in common: how many people there are at which time, what is demanded of
// the server, and people who buy as those of `concertres load` do (docs/load.md).
//
//   import { options_of, rounds_of } from "./concertres.js";
//   export { setup } from "./concertres.js";
//   export const options = options_of("poll");
//   export default rounds_of({
//     prepare: (person) => person.join(),
//     round: (person) => person.poll(),
//   });
//
// Environment: BASE_URL, PROFILE, TIME_SCALE, THINK_MS, CONCERT_ID, API_KEY; see docs/load.md.

import { check, fail, sleep } from "k6";
import http from "k6/http";
import { Counter } from "k6/metrics";

const base_url = (__ENV.BASE_URL || "http://127.0.0.1:8080").replace(/\/$/, "");
const api_key = __ENV.API_KEY;

// --- How many, how long ----------------------------------------------------------------------

// The same as those of server/load/profile.cpp.
const profiles = {
  smoke: { users: ["0s 5", "3s 5"], think_ms: 100, thresholds: {} },
  stages: {
    users: ["1m 50", "3m 100", "1m 150", "2m 0"],
    think_ms: 1000,
    thresholds: { "http_req_duration{expected_response:true}": ["p(95)<=10"] },
  },
  peak: {
    users: ["2m 100", "2m 500", "1m 1000", "2m 500", "2m 100", "2m 0"],
    think_ms: 1000,
    thresholds: { "http_req_duration{expected_response:true}": ["p(95)<=10"] },
  },
};

function number_of(name, otherwise) {
  const number = Number(__ENV[name] || otherwise);
  if (!(number >= 0)) throw new Error(`${name} must be a number, not ${__ENV[name]}`);
  return number;
}

const profile_name = __ENV.PROFILE || "smoke";
const profile = profiles[profile_name];
if (!profile) {
  const known = Object.keys(profiles).join(", ");
  throw new Error(`PROFILE must be one of ${known}, not ${profile_name}`);
}
const time_scale = number_of("TIME_SCALE", 1);
const think_s = number_of("THINK_MS", profile.think_ms) / 1000;

function stage_of(text) {
  const [, length, unit, target] = text.match(/^(\d+)([sm]) (\d+)$/);
  const ms = Math.round(Number(length) * (unit === "m" ? 60000 : 1000) * time_scale);
  return { duration: `${ms}ms`, target: Number(target) };
}

// The options of a script, which is that of one scenario.
export function options_of(scenario) {
  return {
    scenarios: {
      [scenario]: { executor: "ramping-vus", startVUs: 0, stages: profile.users.map(stage_of) },
    },
    // Something was done, every answer was right, and those that were not turned away came soon.
    thresholds: { checks: ["rate==1"], iterations: ["count>0"], ...profile.thresholds },
    summaryTrendStats: ["avg", "p(50)", "p(95)", "p(99)", "max"],
    // A step of a purchase, not an address: ids would make a series each.
    systemTags: ["scenario", "name", "status", "expected_response", "check", "error_code"],
  };
}

// --- What is answered ------------------------------------------------------------------------

http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 304, 402, 403, 409));

// Answers, as docs/load.md names them.
const answers = {
  good: new Counter("answers_good"),
  refused: new Counter("answers_refused"),
  shed: new Counter("answers_shed"),
  failed: new Counter("answers_failed"),
};
const rounds = new Counter("rounds"); // by how they ended

// 402, 403 and 409 are refusals by a rule of the sale: the seat is gone, the concert sold out.
function verdict_of(status) {
  if ((status >= 200 && status < 300) || status === 304) return "good";
  if (status === 503 || status === 429) return "shed";
  return status === 402 || status === 403 || status === 409 ? "refused" : "failed";
}

function object_of(answer) {
  try {
    return answer.json() || {};
  } catch (_) {
    return {}; // no JSON: it lacks what it should have
  }
}

// What a good answer to each step has.
const shapes = {
  token: (place) => place.token !== undefined && place.status !== undefined,
  poll: (place) => place.status !== undefined,
  dates: (list) => Array.isArray(list.dates),
  seats: (list) => Array.isArray(list.seats),
  hold: (made) => made.reservation_id !== undefined && made.status === "held",
  release: () => true,
  charge: (made) => made.charge_id !== undefined,
  pay: (made) => made.payment_id !== undefined && made.status === "completed",
};

// Which concert there is; k6 gives it to everybody.
export function setup() {
  if (__ENV.CONCERT_ID) return __ENV.CONCERT_ID;
  const answer = http.get(`${base_url}/v1/concerts`, { tags: { name: "concerts" } });
  if (answer.status !== 200) fail(`${base_url} answers ${answer.status}: ${answer.error}`);
  const open = answer.json("concerts").filter((concert) => concert.sale === "open");
  if (open.length !== 1) fail(`${open.length} sales are open: name one by CONCERT_ID`);
  return open[0].concert_id;
}

// --- A person --------------------------------------------------------------------------------

const tries_max = 5;
const looks_max = 5;
const seats_kept = 16; // of those that are free, each with the same chance

// How a round ends before its time: by a refusal, its code.
class End {
  constructor(outcome) {
    this.outcome = outcome;
  }
}

function below(limit) {
  return Math.floor(Math.random() * limit);
}
function uuid() {
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () => below(16).toString(16));
}

class Person {
  constructor() {
    this.keys = 0;
    this.become_another();
    this.forget();
  }
  become_another() {
    this.user = uuid();
    this.token = null;
    this.prepared = false;
  }
  // What was seen of dates and seats.
  forget() {
    this.performance = null;
    this.free = [];
  }

  // One round of a scenario, after what goes before it where that is not done.
  go_round({ prepare, round, outcome }) {
    let end = outcome || "done";
    try {
      this.begun = true;
      if (!this.prepared && prepare) prepare(this);
      this.prepared = true;
      this.begun = false;
      round(this);
    } catch (ended) {
      if (!(ended instanceof End)) throw ended;
      end = ended.outcome;
      // A pass that has ended, a limit that is reached: as somebody else it goes on.
      this.become_another();
    }
    rounds.add(1, { outcome: end });
  }

  // --- What they do

  join() {
    this.become_another();
    const path = `/v1/concerts/${this.concert}/tokens`;
    const place = this.ask("token", "POST", path, { user_id: this.user });
    this.token = place.token;
    return place;
  }
  // Until they are let in.
  join_and_wait() {
    let place = this.join();
    while (place.status !== "admitted") {
      if (place.status !== "waiting") throw new End("lost the place");
      if (place.sale === "sold_out") throw new End("sold out");
      sleep(place.poll_after_ms / 1000);
      place = this.poll();
    }
  }
  poll() {
    return this.ask("poll", "GET", "/v1/tokens/current");
  }
  look_at_dates() {
    const { dates } = this.ask("dates", "GET", `/v1/concerts/${this.concert}/dates`);
    if (dates.length === 0) throw new End("sold out");
    this.performance = dates[below(dates.length)].performance_id;
  }
  look_at_seats() {
    if (!this.performance) this.look_at_dates();
    const { seats } = this.ask("seats", "GET", `/v1/performances/${this.performance}/seats`);
    this.free = [];
    while (this.free.length < seats_kept && seats.length > 0) {
      // The last one fills the gap, as order is nothing here.
      const at = below(seats.length);
      const last = seats.pop();
      this.free.push(at === seats.length ? last : seats[at]);
      if (at < seats.length) seats[at] = last;
    }
  }
  // Any seat that is free. They look where they know of none, and again where all they knew of are
  // taken.
  hold() {
    for (let looks = 0; looks < looks_max; ) {
      if (this.free.length === 0) {
        ++looks;
        this.look_at_seats();
        if (this.free.length === 0) this.performance = null;
        continue;
      }
      this.seat = this.free.pop();
      const wanted = { performance_id: this.performance, seats: [this.seat.number] };
      try {
        this.reservation = this.ask("hold", "POST", "/v1/reservations", wanted).reservation_id;
        return;
      } catch (ended) {
        const is_taken = ended.outcome === "seat_held" || ended.outcome === "seat_sold";
        if (!is_taken) throw ended;
      }
    }
    throw new End("sold out");
  }
  release() {
    this.ask("release", "DELETE", `/v1/reservations/${this.reservation}`);
  }
  charge() {
    const amount = this.seat.price.amount;
    if (amount > 0) this.ask("charge", "POST", `/v1/users/${this.user}/wallet/charges`, { amount });
  }
  pay() {
    this.ask("pay", "POST", "/v1/payments", { reservation_id: this.reservation });
  }

  // --- Asking

  headers() {
    const all = { "Idempotency-Key": `${this.user}-${++this.keys}` };
    if (this.token) all.Authorization = `Bearer ${this.token}`;
    if (api_key) all["X-Api-Key"] = api_key;
    return all;
  }
  // Asks, thinks about the answer, and gives it. What is shed or fails is asked again with the same
  // key when the server says; but not what would only have begun a round.
  ask(step, method, path, body) {
    const headers = this.headers();
    if (body) headers["Content-Type"] = "application/json";
    for (let tries = 1; ; ++tries) {
      const answer = http.request(method, base_url + path, body ? JSON.stringify(body) : null, {
        headers,
        tags: { name: step },
        timeout: "10s",
      });
      const { verdict, said } = take(step, answer);
      if (verdict === "good" || verdict === "refused") {
        sleep(think_s);
        if (verdict === "refused") throw new End(said.code);
        this.begun = true;
        return said;
      }
      const pause_s = Number(answer.headers["Retry-After"]) || 1;
      sleep(pause_s);
      if (!this.begun) throw new End(verdict === "shed" ? "turned away" : "failed");
      if (tries === tries_max) throw new End("gave up");
    }
  }
}

function take(step, answer) {
  const verdict = verdict_of(answer.status);
  const said = object_of(answer);
  const is_right = verdict === "refused" || (verdict === "good" && shapes[step](said));
  answers[verdict].add(1, { name: step });
  check(answer, { [`${step} is answered right`]: () => is_right }, { name: step });
  return { verdict, said };
}

// What each virtual user does again and again: `round`, and `prepare` once for each user that they
// are. Both are functions of a Person.
export function rounds_of(scenario) {
  const person = new Person();
  return (concert) => {
    person.concert = concert;
    person.go_round(scenario);
  };
}
