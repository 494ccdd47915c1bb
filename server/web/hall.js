// The seats of one date: how they stand to each other, what they cost, and which are free. It is
// made from the answer of `GET .../seats?status=all`, and follows the changes that are told after
// that. No page is needed here.
import { area_of, box_of, mean_of, outline_of, place_seats, PITCH, SeatIndex } from "./geometry.js";

// In a hall without rows, as many seats stand in a line of the grid.
const LINE_MAX = 20;

function grouped(items, name_of) {
  const groups = new Map();
  for (const item of items) {
    const name = name_of(item);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(item);
  }
  return groups;
}

function lines_of(seats) {
  const length = Math.min(LINE_MAX, Math.max(5, Math.ceil(Math.sqrt(seats.length * 1.6))));
  const lines = [];
  for (let at = 0; at < seats.length; at += length) lines.push(seats.slice(at, at + length));
  return lines;
}

function rows_of(seats) {
  const by_name = [...grouped(seats, (seat) => seat.row)];
  if (by_name.length > 1 || by_name[0][0] !== "") {
    return by_name.map(([name, members]) => ({ name, seats: members }));
  }
  return lines_of(seats).map((members) => ({ name: "", seats: members }));
}

export class Hall {
  constructor(answer) {
    this.performance_id = answer.performance_id;
    this.date = answer.date;
    this.revision = answer.revision;
    this.seats = answer.seats.map((seat, index) => ({
      ...seat,
      index,
      section: seat.section ?? "",
      row: seat.row ?? "",
    }));
    this.areas = (answer.areas ?? []).map((area) => ({ ...area }));
    this.#by_number = new Map(this.seats.map((seat) => [seat.number, seat]));
    this.sections = [...grouped(this.seats, (seat) => seat.section)].map(([name, seats]) => ({
      name,
      seats,
      rows: rows_of(seats),
    }));
    const lists = this.sections.map(({ rows }) => rows.map(({ seats }) => seats));
    this.has_plan = place_seats(this.seats, lists);
    this.#measure();
    this.prices = this.#all_prices();
  }

  #by_number;

  #measure() {
    this.box = this.seats.length ? box_of(this.seats, 2 * PITCH) : null;
    this.index = new SeatIndex(this.seats);
    for (const section of this.sections) {
      section.box = box_of(section.seats, PITCH);
      section.outline = outline_of(section.seats);
      section.area = area_of(section.outline);
      section.middle = mean_of(section.seats);
      section.free = section.seats.filter((seat) => seat.status === "available").length;
      for (const row of section.rows) {
        row.seats.sort((a, b) => a.x - b.x || a.y - b.y);
        row.y = row.seats.reduce((sum, seat) => sum + seat.y, 0) / row.seats.length;
        for (const seat of row.seats) Object.assign(seat, { in_section: section, in_row: row });
      }
      section.rows.sort((a, b) => a.y - b.y);
    }
  }

  // Each price there is, the highest first; a seat's `category` is where its price stands.
  #all_prices() {
    const amounts = new Set(this.seats.map((seat) => seat.price.amount));
    const sorted = [...amounts].sort((a, b) => b - a);
    const rank = new Map(sorted.map((amount, category) => [amount, category]));
    for (const seat of this.seats) seat.category = rank.get(seat.price.amount);
    for (const section of this.sections) {
      const { x, y } = section.middle;
      section.category = nearest(section.seats, { x, y }).category;
    }
    return sorted.map((amount) => ({ amount, currency: this.seats[0].price.currency }));
  }

  seat(number) {
    return this.#by_number.get(number);
  }

  area(section) {
    return this.areas.find((area) => area.section === section);
  }

  get free() {
    const seats = this.sections.reduce((sum, section) => sum + section.free, 0);
    return seats + this.areas.reduce((sum, area) => sum + area.available, 0);
  }

  // What a `seats` event tells. The seats that are another now; null where it is older than what
  // is known.
  apply({ revision, seats, areas = [] }) {
    if (revision <= this.revision) return null;
    this.revision = revision;
    for (const change of areas) Object.assign(this.area(change.section) ?? {}, change);
    return seats.map(({ number, status }) => this.#turn(number, status)).filter(Boolean);
  }

  // All anew: the seats that are another now.
  replace(answer) {
    this.revision = answer.revision;
    for (const area of answer.areas ?? []) Object.assign(this.area(area.section) ?? {}, area);
    return answer.seats.map(({ number, status }) => this.#turn(number, status)).filter(Boolean);
  }

  // Of seats that were refused: what has become of them.
  mark(numbers, status) {
    return numbers.map((number) => this.#turn(number, status)).filter(Boolean);
  }

  #turn(number, status) {
    const seat = this.seat(number);
    if (!seat || seat.status === status) return null;
    if (seat.status === "available") seat.in_section.free -= 1;
    if (status === "available") seat.in_section.free += 1;
    seat.status = status;
    return seat;
  }
}

export function is_free(seat) {
  return seat.status === "available";
}

const KEYS = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };

// The free seat that is next in a direction: in the row for left and right, in the next row that has
// one for up and down, and then in whatever section lies there. Null where there is none. `can_go`
// says of other seats than free ones whether they count.
export function next_seat(hall, seat, direction, can_go = is_free) {
  const [along, across] = KEYS[direction];
  const { in_row: row, in_section: section } = seat;
  if (along) {
    for (let at = row.seats.indexOf(seat) + along; row.seats[at]; at += along) {
      if (can_go(row.seats[at])) return row.seats[at];
    }
  } else {
    for (let at = section.rows.indexOf(row) + across; section.rows[at]; at += across) {
      const found = nearest(section.rows[at].seats.filter(can_go), seat);
      if (found) return found;
    }
  }
  const lies_there = (other) =>
    can_go(other) &&
    other.in_section !== section &&
    (other.x - seat.x) * along + (other.y - seat.y) * across >
      Math.abs((other.x - seat.x) * across + (other.y - seat.y) * along);
  return nearest(hall.seats.filter(lies_there), seat);
}

// The first or the last free seat of the row.
export function end_of_row(seat, is_last, can_go = is_free) {
  const free = seat.in_row.seats.filter(can_go);
  return (is_last ? free.at(-1) : free[0]) ?? null;
}

export function nearest(seats, { x, y }) {
  let [best, least] = [null, Infinity];
  for (const seat of seats) {
    const distance = Math.hypot(seat.x - x, seat.y - y);
    if (distance < least) [best, least] = [seat, distance];
  }
  return best;
}

// For each of the seats that are lost the free one that is nearest, of its price before others;
// those of `taken` are not offered. Fewer where there are not so many.
export function instead_of(hall, lost, taken) {
  const offered = new Set(taken);
  const found = [];
  for (const seat of lost) {
    const free = hall.seats.filter((other) => is_free(other) && !offered.has(other.number));
    const alike = free.filter((other) => other.category === seat.category && !other.allotted_to);
    const offer = nearest(alike, seat) ?? nearest(free, seat);
    if (!offer) continue;
    offered.add(offer.number);
    found.push(offer);
  }
  return found;
}
