// A sale as it goes: asks the server for the report and the room about once a second, as long as a
// view of the sale is shown, and keeps what they said. It tells of each answer with a "report"
// event, and of each failure with "problem".
import { History, sample_of } from "./history.js";

const EVERY_MS = 1_000;
const AFTER_FAILURE_MS = 3_000;
const LONGEST_MS = 30_000;
// A report counts every seat of the hall: a large one may take a tenth of the server's time at
// most.
const SHARE = 10;

export class Live extends EventTarget {
  history = new History();
  report = null;
  room = null;
  problem = null; // of the last time it was asked, if that failed
  #api;
  #path;
  #followers = 0;
  #timer = null;
  #asking = false;

  constructor(api, concert_id) {
    super();
    this.#api = api;
    this.#path = "/admin/v1/concerts/" + concert_id;
  }

  // Asks until the signal ends it.
  follow(signal) {
    this.#followers += 1;
    signal.addEventListener("abort", () => {
      this.#followers -= 1;
      if (this.#followers === 0) clearTimeout(this.#timer);
    });
    this.ask();
  }

  async ask() {
    clearTimeout(this.#timer);
    if (this.#asking) return;
    this.#asking = true;
    const begun = performance.now();
    let wait = AFTER_FAILURE_MS;
    try {
      const [report, room] = await Promise.all([
        this.#api.call("GET", this.#path + "/report"),
        this.#api.call("GET", this.#path + "/room"),
      ]);
      this.problem = null;
      this.report = report.data;
      this.history.add(sample_of(report.data));
      this.hear_room(room.data);
      const took = performance.now() - begun;
      wait = Math.min(LONGEST_MS, Math.max(EVERY_MS, took * SHARE));
    } catch (problem) {
      if (!problem.code) throw problem;
      this.problem = problem;
      this.dispatchEvent(new Event("problem"));
    } finally {
      this.#asking = false;
    }
    if (this.#followers > 0) this.#timer = setTimeout(() => this.ask(), wait);
  }

  // As the server has answered it to a change.
  hear_room(room) {
    this.room = room;
    this.dispatchEvent(new Event("report"));
  }

  // Tells it all anew, so that who has just come sees what there is.
  listen(signal, on_report, on_problem) {
    this.addEventListener("report", on_report, { signal });
    this.addEventListener("problem", on_problem, { signal });
    if (this.report) on_report();
    if (this.problem) on_problem();
    this.follow(signal);
  }

  change(body) {
    return this.#api.call("PATCH", this.#path + "/room", { body }).then(({ data }) => {
      this.hear_room(data);
      this.ask();
    });
  }
}
