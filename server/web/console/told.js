// Events of the server as sentences: the name of a text and what stands in it. No page is needed
// here.
//
//   told({ event: "reservation.held", facts: { user: "...", items: [...] } })
//   // { name: "told.reservation.held", values: { seats: [7, 8], ... }, things: [...] }

const KINDS = new Set([
  "reservation.held",
  "reservation.extended",
  "reservation.released",
  "reservation.expired",
  "payment.completed",
  "payment.refunded",
  "payment.authorizing",
  "payment.failed",
  "seats.blocked",
  "seats.unblocked",
  "wallet.charged",
  "wallet.paid",
  "wallet.refunded",
  "pass.admitted",
  "pass.expired",
  "pass.left",
  "sale.changed",
  "room.drawn",
]);

export function seats_of(event) {
  return (event.facts.items ?? []).flatMap((item) => item.seats);
}

// Who and what the event is about, to look further: [{ kind: "user", id }, ...], each once.
export function things_of(event) {
  const { facts } = event;
  const things = [
    ["user", facts.user],
    ...(facts.items ?? []).map((item) => ["reservation", item.reservation]),
    ["payment", facts.payment],
    ["transfer", facts.transfer],
  ];
  if (event.stream === "performance") things.push(["performance", event.stream_id]);
  if (event.stream === "room") things.push(["concert", event.stream_id]);
  return things.filter(([, id]) => id).map(([kind, id]) => ({ kind, id }));
}

// A payment releases what else its pass holds, and an operator may release anybody's hold.
function cause_of({ event, facts }) {
  if (event !== "reservation.released") return "";
  if (facts.payment) return ".paid";
  return facts.actor ? ".by" : "";
}

export function told(event) {
  const { facts } = event;
  const is_by_hand = event.event === "pass.admitted" && facts.actor;
  const name = KINDS.has(event.event)
    ? "told." + event.event + cause_of(event) + (is_by_hand ? ".by" : "")
    : "told.other";
  return {
    name,
    values: {
      event: event.event,
      seats: seats_of(event),
      amount: facts.amount ?? null,
      balance: facts.balance ?? null,
      until: facts.until ?? facts.pass_expires_at ?? null,
      place: facts.place ?? null,
      actor: facts.actor ?? "",
      detail: facts.detail ?? "",
      size: facts.draw?.size ?? 0,
    },
    things: things_of(event),
  };
}

// The reservation that has the seat now, by the history of the seat; null where none has.
export function holder_of(events, seat) {
  let holder = null;
  for (const event of events) {
    for (const { reservation, seats } of event.facts.items ?? []) {
      if (!reservation || !seats.includes(seat)) continue;
      const has_it = ["reservation.held", "reservation.extended", "payment.completed"];
      holder = has_it.includes(event.event) ? reservation : null;
    }
  }
  return holder;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

// What was typed into the search: an id, and behind it a seat or a place ("... seat 7", "... #12",
// "... place 12"). Null where there is no id.
export function parse_search(text) {
  const found = text.match(UUID);
  if (!found || found.length > 1) return null;
  const rest = text.replace(UUID, " ").trim();
  const seat = /^(?:seat|좌석)?\s*:?\s*(\d{1,9})\s*번?$/i.exec(rest);
  const place = /^(?:place|순서|#)\s*:?\s*(\d{1,18})$/i.exec(rest);
  const id = found[0].toLowerCase();
  if (!rest) return { id, seat: null, place: null };
  if (place) return { id, seat: null, place: place[1] };
  return seat ? { id, seat: seat[1], place: null } : null;
}

// The text in parts: { text } and { id }, so that ids can be followed.
export function with_ids(text) {
  const parts = [];
  let from = 0;
  for (const { 0: id, index } of text.matchAll(UUID)) {
    if (index > from) parts.push({ text: text.slice(from, index) });
    parts.push({ id });
    from = index + id.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}
