// What a buyer has chosen on one date and not yet held: seats, and so many of an area. No page is
// needed here.

export class Choice {
  seats = new Set(); // numbers
  areas = new Map(); // how many, by section

  toggle(number) {
    if (!this.seats.delete(number)) this.seats.add(number);
  }

  set_area(section, count) {
    if (count > 0) this.areas.set(section, count);
    else this.areas.delete(section);
  }

  clear() {
    this.seats.clear();
    this.areas.clear();
  }

  get count() {
    return [...this.areas.values()].reduce((sum, count) => sum + count, this.seats.size);
  }

  // In minor units.
  total(hall) {
    let total = 0;
    for (const number of this.seats) total += hall.seat(number).price.amount;
    for (const [section, count] of this.areas) total += hall.area(section).price.amount * count;
    return total;
  }

  // Takes away the seats that are free no more, and gives them.
  drop_taken(hall) {
    const lost = [...this.seats].map((n) => hall.seat(n)).filter((s) => s.status !== "available");
    for (const seat of lost) this.seats.delete(seat.number);
    return lost;
  }

  // As a hold asks for it.
  request() {
    const request = {};
    if (this.seats.size) request.seats = [...this.seats].sort((a, b) => a - b);
    if (this.areas.size) {
      request.areas = [...this.areas].map(([section, count]) => ({ section, count }));
    }
    return request;
  }
}
