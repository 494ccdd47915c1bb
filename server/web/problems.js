// What the server refuses, in words that a buyer understands: which text tells of each code.

const TEXTS = {
  token: ["token_required", "token_invalid", "api_key_required"],
  seat_taken: ["seat_held", "seat_sold"],
  hold_ended: ["reservation_expired", "reservation_released", "reservation_refunded"],
  busy: [
    "overloaded",
    "draining",
    "rebuilding",
    "rate_limited",
    "request_timeout",
    "clock_jumped",
    "storage_unavailable",
    "gateway_unavailable",
  ],
  gone: [
    "unknown_concert",
    "unknown_performance",
    "unknown_reservation",
    "unknown_payment",
    "unknown_user",
    "unknown_seat",
    "unknown_draw",
  ],
};

const NAMED_ALIKE = [
  "offline",
  "not_admitted",
  "pass_expired",
  "pass_spent",
  "pass_left",
  "seat_blocked",
  "seat_allotted",
  "orphan_seat",
  "no_seats_match",
  "hold_limit",
  "sale_not_open",
  "sale_closed",
  "sold_out",
  "room_closed",
  "room_full",
  "insufficient_balance",
  "already_paid",
  "extend_limit",
  "amount_invalid",
  "refund_not_allowed",
  "payment_pending",
];

const NAMES = new Map(NAMED_ALIKE.map((code) => [code, code]));
for (const [name, codes] of Object.entries(TEXTS)) {
  for (const code of codes) NAMES.set(code, name);
}

// The names of two texts: what is wrong, and what to do next.
export function texts_of(code) {
  const name = "problem." + (NAMES.get(code) ?? "unknown");
  return { what: name, next: name + ".do" };
}
