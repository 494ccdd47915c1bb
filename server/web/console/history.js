// What the reports of a sale said, one after the other, for as long as the console is open. It
// never keeps more than MOST of them: the last few minutes as they came, what is older ever more
// sparsely. No page is needed here.

export const MOST = 600;
// So many of the newest are kept as they came: two minutes and more, at one a second.
const NEWEST = 150;
const MINUTE = 60_000;

// Of an answer of GET /admin/v1/concerts/{id}/report.
export function sample_of(report) {
  return {
    at: Date.parse(report.now),
    waiting: report.waiting,
    admitted: report.admitted,
    held: report.seats.held,
    sold: report.seats.sold,
    takings: report.takings.amount,
  };
}

export class History {
  samples = [];

  add(sample) {
    const last = this.samples.at(-1);
    if (last && sample.at <= last.at) return;
    this.samples.push(sample);
    if (this.samples.length > MOST) this.#thin();
  }

  // Every second one of the older ones goes; the first stays, so that the beginning is not lost.
  #thin() {
    const begin = this.samples.length - NEWEST;
    this.samples = this.samples.filter((_sample, i) => i >= begin || i % 2 === 0);
  }

  get last() {
    return this.samples.at(-1) ?? null;
  }

  // Seats sold in a minute, as at each sample: over the minute before it, or over what there is of
  // it. Refunds do not count as sales that never were: below zero it is zero.
  rates() {
    const rates = [];
    let from = 0;
    this.samples.forEach((sample, i) => {
      while (from + 1 < i && this.samples[from + 1].at <= sample.at - MINUTE) from += 1;
      const before = this.samples[Math.min(from, i)];
      const ms = sample.at - before.at;
      const rate = ms > 0 ? ((sample.sold - before.sold) * MINUTE) / ms : 0;
      rates.push({ at: sample.at, rate: Math.max(0, rate) });
    });
    return rates;
  }

  // Null before there are two samples to go by.
  get rate() {
    return this.samples.length < 2 ? null : this.rates().at(-1).rate;
  }

  // At most so many of the samples, evenly over the time, the newest among them and first.
  rows(most) {
    const step = Math.max(1, Math.ceil(this.samples.length / most));
    const rows = [];
    for (let at = this.samples.length - 1; at >= 0; at -= step) rows.push(this.samples[at]);
    return rows;
  }
}
