// How a seat is called, for those who read and those who listen.
import { money_text } from "./format.js";
import { t } from "./i18n.js";

export function section_name(section) {
  return section.name || t("seats.all");
}

export function seat_name({ label, section }) {
  const name = /^\d+$/.test(label) ? t("seats.number", { n: label }) : label;
  return section && !name.includes(section) ? `${section}, ${name}` : name;
}

export function seat_names(seats) {
  return seats.map(seat_name).join("; ");
}

// "Stalls, Row 1 Seat 7, ₩50,000, free".
export function seat_label(seat, state) {
  const parts = [seat_name(seat), money_text(seat.price), t("seats." + state)];
  if (seat.allotted_to) parts.push(t("seats.allotted", { name: seat.allotted_to }));
  return parts.join(", ");
}
