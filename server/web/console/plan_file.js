// Files that are dropped: a concert in our own JSON, or a seating plan of pretix, which lacks
// title, dates and prices. No page is needed here.

// { kind: "concert" }, { kind: "plan", plan, name, categories: [...] }, or { kind: "unknown" } of
// what is no JSON: the server says what is wrong with it.
export function look_into(text) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    return { kind: "unknown" };
  }
  const is_plan =
    document !== null &&
    typeof document === "object" &&
    Array.isArray(document.zones) &&
    !("performances" in document);
  if (!is_plan) return { kind: "concert" };
  return {
    kind: "plan",
    plan: document,
    name: String(document.name ?? ""),
    categories: used_categories(document),
    seats: seats_in(document).length,
  };
}

function seats_in(plan) {
  return plan.zones.flatMap((zone) => (zone?.rows ?? []).flatMap((row) => row?.seats ?? []));
}

// A category without seats needs no price. In the order of the plan.
function used_categories(plan) {
  const used = new Set(seats_in(plan).map((seat) => seat?.category ?? ""));
  const listed = (plan.categories ?? []).map((one) => one?.name).filter((name) => used.has(name));
  return [...new Set([...listed, ...used])];
}

// "2026-12-24T19:00" of a form, where the reader is, with its offset: "2026-12-24T19:00:00+09:00".
// `offset` gives minutes behind UTC, as Date's getTimezoneOffset.
export function with_offset(local, offset = (time) => time.getTimezoneOffset()) {
  const behind = offset(new Date(local));
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const ahead = Math.abs(behind);
  const seconds = local.length === 16 ? ":00" : "";
  return `${local}${seconds}${behind > 0 ? "-" : "+"}${two(ahead / 60)}:${two(ahead % 60)}`;
}

// The plan and what the form says, as the server takes it. `prices`: minor units by category.
export function concert_of({ plan }, { title, venue, dates, prices, opens_at, active_max }) {
  const concert = {
    title,
    venue,
    performances: dates.map((date) => ({ starts_at: with_offset(date) })),
    plan,
    prices,
  };
  if (opens_at) concert.opens_at = with_offset(opens_at);
  if (active_max !== null) concert.room = { active_max };
  return concert;
}
