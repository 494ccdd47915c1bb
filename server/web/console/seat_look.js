// Seats as operators see them: each state has a shape and a colour, and every seat can be chosen.
import { money_text } from "../format.js";
import { t } from "../i18n.js";
import { seat_name } from "../seat_text.js";

const SHAPES = {
  available: "M4 0A4 4 0 1 1-4 0A4 4 0 1 1 4 0Z",
  allotted: "M0-4.8L4.8 0L0 4.8L-4.8 0Z",
  held: "M0-4.4L4.5 3.6H-4.5Z",
  sold: "M-3.6-3.6H3.6V3.6H-3.6Z",
  blocked:
    "M-3.9-2.7L-2.7-3.9L0-1.2L2.7-3.9L3.9-2.7L1.2 0L3.9 2.7L2.7 3.9L0 1.2L-2.7 3.9L-3.9 2.7L-1.2 0Z",
};
export const STATES = Object.keys(SHAPES);

export function shape_of_state(state) {
  return SHAPES[state];
}

// One that is free, but kept for a class, is allotted.
export function state_of(seat) {
  return seat.status === "available" && seat.allotted_to ? "allotted" : seat.status;
}

export function label_of(seat, state) {
  const parts = [seat_name(seat), money_text(seat.price), t("seat." + state)];
  if (seat.allotted_to) parts.push(t("seat.for", { name: seat.allotted_to }));
  return parts.join(", ");
}

// `chosen`: a Set of numbers.
export function operators_manner(chosen) {
  return {
    is_mine: (seat) => chosen.has(seat.number),
    can_choose: () => true,
    can_go: () => true,
    shape_of: (_seat, state) => SHAPES[state],
    label_of,
  };
}
