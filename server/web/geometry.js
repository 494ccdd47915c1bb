// Where the seats of a hall stand, and which part of it is seen. Plans come in any unit, so they are
// brought to one: neighbours are PITCH apart. No page is needed here.

export const PITCH = 10;
// One bin of the index, in PITCH.
const BIN = 80;

function has_plan(seats) {
  const [first] = seats;
  const is_placed = (seat) => typeof seat.x === "number" && typeof seat.y === "number";
  return seats.every(is_placed) && seats.some((s) => s.x !== first.x || s.y !== first.y);
}

// How far a seat is from its nearest neighbour, where they stand closest: so none is drawn over
// another. Of a hundred seats, and each looks at its own section, which is enough to tell.
function least_distance(sections) {
  const nearest = [];
  const seats = sections.flatMap((rows) => {
    const section = rows.flat();
    return section.map((seat) => ({ seat, section }));
  });
  const step = Math.max(1, Math.floor(seats.length / 100));
  for (let at = 0; at < seats.length; at += step) {
    const { seat, section } = seats[at];
    let least = Infinity;
    for (const other of section) {
      const distance = Math.hypot(other.x - seat.x, other.y - seat.y);
      if (distance > 0 && distance < least) least = distance;
    }
    if (least < Infinity) nearest.push(least);
  }
  // Not the very least: one seat that is drawn askew would make all others small.
  return nearest.length ? nearest.sort((a, b) => a - b)[Math.floor(nearest.length / 20)] : 1;
}

// Rows of numbered squares, where there is no plan. `sections` are lists of rows of seats; they are
// put side by side, until a line is as wide as the whole is high.
function number_grid(sections) {
  const widths = sections.map((rows) => Math.max(...rows.map((row) => row.length)));
  const area = sections.reduce((sum, rows, i) => sum + (rows.length + 4) * (widths[i] + 3), 0);
  const wide = Math.max(Math.sqrt(area * 1.5), ...widths);
  let [left, top, lowest] = [0, 0, 0];
  sections.forEach((rows, i) => {
    if (left > 0 && left + widths[i] > wide) [left, top] = [0, lowest + 4];
    rows.forEach((row, line) => {
      row.forEach((seat, column) => {
        seat.x = (left + column) * PITCH;
        seat.y = (top + line) * PITCH;
      });
    });
    lowest = Math.max(lowest, top + rows.length);
    left += widths[i] + 3;
  });
}

// Gives every seat its x and y. `sections`: lists of rows of seats.
export function place_seats(seats, sections) {
  if (!seats.length) return false;
  if (!has_plan(seats)) {
    number_grid(sections);
    return false;
  }
  const scale = PITCH / least_distance(sections);
  for (const seat of seats) {
    seat.x *= scale;
    seat.y *= scale;
  }
  return true;
}

export function box_of(points, margin = 0) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  box.left -= margin;
  box.top -= margin;
  box.right += margin;
  box.bottom += margin;
  return box;
}

export function middle_of({ left, top, right, bottom }) {
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}

export function contains(box, { x, y }) {
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}

// The corners of the smallest convex outline, in order around it.
export function outline_of(points) {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (all) => {
    const chain = [];
    for (const point of all) {
      while (chain.length > 1 && !turns_left(chain.at(-2), chain.at(-1), point)) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half(sorted.reverse())];
}

export function mean_of(points) {
  const sum = points.reduce((all, { x, y }) => ({ x: all.x + x, y: all.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

export function area_of(outline) {
  const twice = outline.reduce((sum, a, i) => {
    const b = outline[(i + 1) % outline.length];
    return sum + a.x * b.y - b.x * a.y;
  }, 0);
  return Math.abs(twice) / 2;
}

function turns_left(a, b, c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) > 0;
}

// Finds the seats in a box without looking at all of them.
export class SeatIndex {
  #bins = new Map();
  #seats;

  constructor(seats) {
    this.#seats = seats;
    seats.forEach((seat, index) => {
      const key = this.#key(Math.floor(seat.x / BIN), Math.floor(seat.y / BIN));
      if (!this.#bins.has(key)) this.#bins.set(key, []);
      this.#bins.get(key).push(index);
    });
  }

  #key(column, line) {
    return column * 65_536 + line;
  }

  // At most `most` and one more, which tells that there are too many.
  within(box, most = Infinity) {
    const found = [];
    for (let c = Math.floor(box.left / BIN); c <= Math.floor(box.right / BIN); ++c) {
      for (let l = Math.floor(box.top / BIN); l <= Math.floor(box.bottom / BIN); ++l) {
        for (const index of this.#bins.get(this.#key(c, l)) ?? []) {
          if (!contains(box, this.#seats[index])) continue;
          found.push(index);
          if (found.length > most) return found;
        }
      }
    }
    return found;
  }
}

// The part of the hall that is seen: its middle, and how many pixels a unit has.
export class Viewport {
  constructor(hall_box, width, height) {
    this.hall_box = hall_box;
    this.resize(width, height);
    this.show(hall_box);
  }

  resize(width, height) {
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
  }

  // All of the box, as large as it goes.
  show(box) {
    const wide = Math.max(1, box.right - box.left);
    const high = Math.max(1, box.bottom - box.top);
    this.scale = Math.min(this.width / wide, this.height / high, 4);
    Object.assign(this, middle_of(box));
  }

  get least_scale() {
    const wide = this.hall_box.right - this.hall_box.left;
    const high = this.hall_box.bottom - this.hall_box.top;
    return Math.min(this.width / wide, this.height / high, 4);
  }

  // The point of the hall stays below the finger that is at these pixels.
  zoom(factor, at_x = this.width / 2, at_y = this.height / 2) {
    const fixed = this.point(at_x, at_y);
    this.scale = Math.min(5, Math.max(this.least_scale, this.scale * factor));
    this.x = fixed.x - (at_x - this.width / 2) / this.scale;
    this.y = fixed.y - (at_y - this.height / 2) / this.scale;
    this.#stay();
  }

  pan(pixels_x, pixels_y) {
    this.x -= pixels_x / this.scale;
    this.y -= pixels_y / this.scale;
    this.#stay();
  }

  // So far that the point is well inside.
  reveal({ x, y }) {
    const box = this.box(-0.15);
    if (contains(box, { x, y })) return false;
    this.x += Math.min(0, x - box.left) + Math.max(0, x - box.right);
    this.y += Math.min(0, y - box.top) + Math.max(0, y - box.bottom);
    return true;
  }

  #stay() {
    this.x = Math.min(this.hall_box.right, Math.max(this.hall_box.left, this.x));
    this.y = Math.min(this.hall_box.bottom, Math.max(this.hall_box.top, this.y));
  }

  point(pixel_x, pixel_y) {
    return {
      x: this.x + (pixel_x - this.width / 2) / this.scale,
      y: this.y + (pixel_y - this.height / 2) / this.scale,
    };
  }

  // What is seen, and beyond it that share of it on every side.
  box(beyond = 0) {
    const x = (this.width / this.scale) * (0.5 + beyond);
    const y = (this.height / this.scale) * (0.5 + beyond);
    return { left: this.x - x, right: this.x + x, top: this.y - y, bottom: this.y + y };
  }
}
