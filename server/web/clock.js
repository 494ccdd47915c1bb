// The server's time, as far as it can be known here. The clock of the machine may be wrong, and may
// be set while the page is open, so only how much time passes is taken from it.

export class ServerClock {
  #elapsed;
  #offset = null;
  #error = Infinity;
  #measured_at = 0;

  // `elapsed` gives milliseconds that never run backwards.
  constructor(elapsed = () => performance.now()) {
    this.#elapsed = elapsed;
  }

  elapsed() {
    return this.#elapsed();
  }

  // The server said `now` in the answer to what was sent at `sent_at`, as elapsed() had it.
  heard(now, sent_at) {
    const received_at = this.#elapsed();
    const error = (received_at - sent_at) / 2;
    // Quick answers tell the time best; after a minute any answer is better than none.
    if (error > this.#error && received_at - this.#measured_at < 60_000) return;
    this.#offset = Date.parse(now) - (received_at + sent_at) / 2;
    this.#error = error;
    this.#measured_at = received_at;
  }

  // Milliseconds since 1970; null before anything was heard.
  now() {
    return this.#offset === null ? null : this.#elapsed() + this.#offset;
  }

  // How long it is until then; never negative.
  until(time) {
    const now = this.now();
    return now === null || !time ? null : Math.max(0, Date.parse(time) - now);
  }
}

// The marks, in milliseconds and falling, that a countdown has just come down to.
//
//   passed_mark([300_000, 60_000], 61_000, 59_500)   // 60_000
export function passed_mark(marks, before, left) {
  const passed = marks.filter((mark) => before > mark && left <= mark);
  return passed.length ? Math.min(...passed) : null;
}
