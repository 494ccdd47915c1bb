// How seats are shown, and what one may do with them. This is how buyers see them; operators see
// them in a manner of their own.
import { is_free } from "./hall.js";
import { seat_label } from "./seat_text.js";
import { CHOSEN, shape_of, TAKEN } from "./shapes.js";

function is_mine(_seat, state) {
  return state === "chosen" || state === "yours";
}

export const buyers_manner = {
  is_mine,
  can_choose: (state) => state === "available" || state === "chosen",
  // Where the arrow keys lead.
  can_go: is_free,
  shape_of(seat, state) {
    if (is_mine(seat, state)) return CHOSEN;
    return state === "available" ? shape_of(seat.category) : TAKEN;
  },
  label_of: seat_label,
};
