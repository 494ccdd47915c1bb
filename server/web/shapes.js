// How seats are drawn: each price has a shape and a colour, so that nobody need tell colours apart.
// A seat is about 8 wide, around 0,0.

const SHAPES = [
  "M4 0A4 4 0 1 1-4 0A4 4 0 1 1 4 0Z",
  "M-3.6-3.6H3.6V3.6H-3.6Z",
  "M0-4.8L4.8 0L0 4.8L-4.8 0Z",
  "M0-4.4L4.5 3.6H-4.5Z",
  "M-2.2-4.2H2.2L4.6 0L2.2 4.2H-2.2L-4.6 0Z",
  "M-1.7-4.4H1.7V-1.7H4.4V1.7H1.7V4.4H-1.7V1.7H-4.4V-1.7H-1.7Z",
];
const TICK = "M-2.3 0.1L-0.7 1.8L2.5-1.7L1.7-2.4L-0.7 0.2L-1.5-0.7Z";

export const COLOURS = 6;
export const CHOSEN = "M4.9 0A4.9 4.9 0 1 1-4.9 0A4.9 4.9 0 1 1 4.9 0Z" + TICK;
export const TAKEN = "M1.4 0A1.4 1.4 0 1 1-1.4 0A1.4 1.4 0 1 1 1.4 0Z";

export function colour_of(category) {
  return category % COLOURS;
}

// After each round of the colours the shapes are one further, so that pairs are not the same again.
export function shape_of(category) {
  return SHAPES[(category + Math.floor(category / COLOURS)) % SHAPES.length];
}
