// What somebody in line is told, worked out from the place as the API has it.

// What the page shows for a visit: "intro" before joining, "line", "shop" for who is in, "ended" or
// "ticket". `place` is null where there is no token.
export function stage_of(place) {
  if (!place) return "intro";
  if (place.status === "waiting") return "line";
  if (place.status === "admitted") return "shop";
  return place.status === "spent" ? "ticket" : "ended";
}

// The name of the text that tells of the sale, to who waits; null where there is nothing to say.
export function notice_of(place, draws) {
  const is_drawn = place.position !== null;
  switch (place.sale) {
    case "scheduled":
      return draws && !is_drawn ? "line.draw" : null;
    case "open":
      return null;
    case "sold_out":
      return "line.sold_out";
    default:
      return "line." + place.sale;
  }
}

// Whether it makes sense to say how long it will take.
export function has_estimate(place) {
  return (place.sale === "open" || place.sale === "draining") && place.position !== null;
}

// From 0 to 1, of the way from where one has joined; null where there is no position yet, or the way
// leads to nothing any more.
export function progress_of(first_position, { position, sale }) {
  const is_over = sale === "sold_out" || sale === "closed";
  if (position === null || first_position === null || is_over) return null;
  if (first_position <= 1) return position <= 1 ? 1 : 0;
  return Math.min(1, Math.max(0, (first_position - position) / (first_position - 1)));
}

// The title of the page, as the name of a text and what stands in it.
export function title_of(place) {
  switch (stage_of(place)) {
    case "line":
      return place.position === null
        ? { name: "line.title.drawn" }
        : { name: "line.title", n: place.position };
    case "shop":
      return { name: "line.title.turn" };
    default:
      return { name: "page.title" };
  }
}
