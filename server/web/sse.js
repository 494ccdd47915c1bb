// Server-sent events, read from a fetch, because an EventSource cannot send the token's field.

export class EventParser {
  #text = "";
  #event = "";
  #data = [];
  last_id = "";

  // The events that are complete with this piece: [{ event, data, id }].
  push(piece) {
    this.#text += piece;
    const events = [];
    for (;;) {
      const end = this.#text.search(/\r\n|\n|\r/);
      // A lone carriage return at the end may be half of a line's end.
      if (end < 0 || (this.#text[end] === "\r" && end + 1 === this.#text.length)) return events;
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + (this.#text.startsWith("\r\n", end) ? 2 : 1));
      const event = this.#take(line);
      if (event) events.push(event);
    }
  }

  #take(line) {
    if (line === "") return this.#finish();
    const colon = line.indexOf(":");
    if (colon === 0) return null;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.last_id = value;
    return null;
  }

  #finish() {
    const event = this.#data.length
      ? { event: this.#event || "message", data: this.#data.join("\n"), id: this.last_id }
      : null;
    this.#event = "";
    this.#data = [];
    return event;
  }
}
