// A buyer at one concert: the token and the place in line, what is held, and the calls that change
// it. Views listen to it:
//
//   visit.addEventListener("place" | "holds" | "seats" | "resync" | "connection", ...)
//
// "seats" has the server's change as `detail`; "resync" says that all seats are to be asked for anew.
import { Problem } from "./api.js";
import { Feed } from "./feed.js";

export class Visit extends EventTarget {
  place = null;
  first_position = null;
  connection = "connecting";
  updated_at = null;
  holds = []; // reservations that are held, oldest first
  dates = [];
  #app;
  #feed = null;
  #is_over = false;

  constructor(app, concert) {
    super();
    this.#app = app;
    this.concert = concert;
    this.id = concert.concert_id;
  }

  get #token_name() {
    return "token." + this.id;
  }

  get token() {
    return this.#app.store.get(this.#token_name);
  }

  get clock() {
    return this.#app.clock;
  }

  call(method, path, options = {}) {
    return this.#app.api.call(method, path, { token: this.token, ...options });
  }

  #say(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  // --- the place

  // The buyer is elsewhere: what is still being answered changes nothing any more, for the token
  // that is kept may be another by now.
  end() {
    this.#is_over = true;
    this.#unfollow();
  }

  // Looks where the token of an earlier visit stands; without one nothing is asked.
  async resume() {
    if (!this.token) return;
    try {
      const { data } = await this.call("GET", "/v1/tokens/current");
      await this.#enter(data);
    } catch (problem) {
      if (problem.status !== 401 || this.#is_over) throw problem;
      // The token is too old; asking again gives a fresh one for the same place.
      this.#app.store.remove(this.#token_name);
      await this.join();
    }
  }

  async join({ again = false } = {}) {
    const body = { user_id: this.#app.user_id() };
    if (again) body.again = true;
    const path = `/v1/concerts/${this.id}/tokens`;
    const { data } = await this.#app.api.call("POST", path, { body });
    if (this.#is_over) return;
    this.#app.store.set(this.#token_name, data.token);
    this.first_position = null;
    if (again) this.#app.store.remove("first." + this.id);
    this.#unfollow();
    await this.#enter(data);
  }

  async leave() {
    await this.call("DELETE", "/v1/tokens/current");
    await this.look();
  }

  // Asks where the place stands, and what is held.
  async look() {
    const { data } = await this.call("GET", "/v1/tokens/current");
    await this.#enter(data);
  }

  async #enter(place) {
    if (this.#is_over) return;
    this.#take_place(place);
    if (place.status === "admitted") await this.load_holds();
    this.#follow();
  }

  #take_place(place) {
    const before = this.place;
    this.place = { ...before, ...place };
    // A place that is over holds nothing: what it held is paid, or free again.
    if (place.status !== "admitted") this.holds = [];
    this.updated_at = Date.now();
    if (place.status === "waiting" && place.position !== null) {
      const first = this.#app.store.get("first." + this.id);
      this.first_position = Math.max(Number(first), place.position);
      this.#app.store.set("first." + this.id, String(this.first_position));
    }
    this.#say("place", { before });
  }

  #unfollow() {
    this.#feed?.stop();
    this.#feed = null;
  }

  wake() {
    this.#feed?.wake();
  }

  cut() {
    this.#feed?.cut();
  }

  #follow() {
    if (this.#is_over) return;
    const is_live = this.place.status === "waiting" || this.place.status === "admitted";
    if (!is_live) return this.#unfollow();
    if (this.#feed) return;
    const name = "concertres.stream." + this.id;
    this.#feed = new Feed({
      api: this.#app.api,
      token: this.token,
      lock: navigator.locks && ((signal, work) => navigator.locks.request(name, { signal }, work)),
      on_event: (event, data) => this.#hear(event, data),
      on_state: (state) => {
        this.connection = state;
        this.#say("connection");
      },
    });
    this.#feed.start();
  }

  async #hear(event, data) {
    try {
      if (event === "place") return await this.#hear_place(data);
      if (event === "admitted") return await this.#hear_place(data);
      if (event === "seats") return this.#say("seats", data);
      if (event === "hold") return this.#take_hold(data);
      if (event === "polled" && data.status !== "admitted") return;
      if (event === "bye" && data.reason === "draining") return;
      if (event === "bye" || event === "refused") this.#unfollow();
      if (event === "reset" || event === "polled") {
        await this.load_holds();
        return this.#say("resync");
      }
      await this.look();
    } catch (failure) {
      if (failure instanceof Problem) return; // told again soon, or seen by whoever acts next
      throw failure;
    }
  }

  async #hear_place(place) {
    const was_waiting = this.place?.status === "waiting";
    this.#take_place(place);
    if (place.status === "admitted" && was_waiting) await this.load_holds();
    this.#follow();
  }

  // --- dates and seats

  async load_dates() {
    const { data } = await this.call("GET", `/v1/concerts/${this.id}/dates?status=all`);
    this.dates = data.dates;
    // A ticket shows them when the pass is spent and dates are not told any more.
    this.#app.store.set_json("dates." + this.id, data.dates);
    return data.dates;
  }

  known_date(performance_id) {
    const dates = this.dates.length ? this.dates : this.#app.store.get_json("dates." + this.id);
    return (dates ?? []).find((date) => date.performance_id === performance_id) ?? null;
  }

  load_seats(performance_id, etag) {
    return this.call("GET", `/v1/performances/${performance_id}/seats?status=all`, { etag });
  }

  // --- holds

  async load_holds() {
    const before = this.holds;
    const all = await this.load_reservations();
    this.holds = all.filter((one) => one.status === "held").reverse();
    const is_gone = (hold) => !this.holds.some((one) => one.reservation_id === hold.reservation_id);
    const ended = before.filter(is_gone);
    this.#say(
      "holds",
      all.filter((one) => ended.some((e) => same(e, one))),
    );
  }

  async load_reservations() {
    const { data } = await this.call("GET", "/v1/reservations?limit=100");
    return data.reservations.filter((one) => one.concert_id === this.id);
  }

  #take_hold(reservation) {
    const at = this.holds.findIndex((hold) => same(hold, reservation));
    const is_held = reservation.status === "held";
    const others = this.holds.filter((hold) => !same(hold, reservation));
    if (is_held) others.splice(at < 0 ? others.length : at, 0, reservation);
    this.holds = others;
    this.#say("holds", at >= 0 && !is_held ? [reservation] : []);
  }

  // `wanted`: seats, areas or best.
  async hold(performance_id, wanted) {
    const body = { performance_id, ...wanted };
    return this.#once("hold." + JSON.stringify(body), async (key) => {
      const { data } = await this.call("POST", "/v1/reservations", { body, key });
      this.#take_hold(data);
      return data;
    });
  }

  async extend(reservation_id) {
    const { data } = await this.call("POST", `/v1/reservations/${reservation_id}/extend`);
    this.#take_hold(data);
  }

  async release(reservation_id) {
    await this.call("DELETE", `/v1/reservations/${reservation_id}`);
    await this.load_holds();
  }

  // --- money

  async load_wallet() {
    const { data } = await this.call("GET", `/v1/users/${this.place.user_id}/wallet`);
    return data.balance;
  }

  async load_transfers(cursor) {
    const more = cursor ? "&cursor=" + encodeURIComponent(cursor) : "";
    const path = `/v1/users/${this.place.user_id}/wallet/transfers?limit=10${more}`;
    return (await this.call("GET", path)).data;
  }

  async charge(amount) {
    const path = `/v1/users/${this.place.user_id}/wallet/charges`;
    return this.#once("charge." + amount, async (key) => {
      return (await this.call("POST", path, { body: { amount }, key })).data;
    });
  }

  async pay(reservation_ids) {
    const body = { reservation_ids };
    return this.#once("pay." + [...reservation_ids].sort().join("."), async (key) => {
      return (await this.call("POST", "/v1/payments", { body, key })).data;
    });
  }

  async load_payments() {
    const { data } = await this.call("GET", "/v1/payments?limit=100");
    return data.payments;
  }

  // The signed ticket, for the door; null where the payment has none.
  async load_ticket({ payment_id, status }) {
    if (status !== "completed") return null;
    try {
      return (await this.call("GET", `/v1/payments/${payment_id}/ticket`)).data;
    } catch (problem) {
      if (problem.code === "reservation_refunded") return null; // a moment ago, elsewhere
      throw problem;
    }
  }

  // Asked again it is the same refund.
  async refund(payment_id) {
    return (await this.call("POST", `/v1/payments/${payment_id}/refund`)).data;
  }

  // One attempt has one key, until the server has decided it: sent twice it is done once.
  async #once(attempt, send) {
    try {
      const answer = await send(this.#app.store.key_of(attempt));
      this.#app.store.done(attempt);
      return answer;
    } catch (problem) {
      if (!problem.is_passing) this.#app.store.done(attempt);
      throw problem;
    }
  }
}

function same(a, b) {
  return a.reservation_id === b.reservation_id;
}
