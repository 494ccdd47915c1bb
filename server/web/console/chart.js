// A line chart: one or two values over time, drawn as SVG in the width that there is. What is
// pointed at, or else the newest, stands beside the names of the lines.
import { h, set_text, svg } from "../dom.js";
import { time_of_day_text } from "../format.js";
import { current_locale, t } from "../i18n.js";
import { line_path, nearest_index, Scale, time_ticks, value_ticks } from "./scale.js";

const HEIGHT = 190;
const MARGIN = { left: 56, top: 10, right: 14, bottom: 26 };
const TICK_WIDTH = 90;

function short_number(value) {
  return new Intl.NumberFormat(current_locale(), {
    notation: value >= 10_000 ? "compact" : "standard",
    maximumFractionDigits: 1,
  }).format(value);
}

export class Chart {
  #title;
  #lines; // { name, text_of(value), kind }
  #points = []; // for each line [{ at, value }]
  #drawing = svg("svg", { class: "chart", role: "img", height: HEIGHT });
  #values;
  #time = h("span", { class: "quiet number" });
  #width = 0;
  #scale = null;
  #pointed_at = null;

  // `lines`: [{ name, text_of }], the first drawn through, the second in dashes.
  constructor(title, lines) {
    this.#title = title;
    this.#lines = lines;
    this.#values = lines.map(() => h("strong", { class: "number" }, "–"));
    const items = lines.map(({ name }, i) =>
      h("li", {}, this.#sample(i), name, " ", this.#values[i]),
    );
    this.element = h(
      "figure",
      { class: "card" },
      h("figcaption", {}, h("h2", {}, title), this.#time),
      h("ul", { class: "legend" }, items),
      this.#drawing,
    );
    new ResizeObserver(([{ contentRect }]) => {
      this.#width = Math.floor(contentRect.width);
      this.#draw();
    }).observe(this.element);
    this.#drawing.addEventListener("pointermove", (event) => this.#point_at(event));
    this.#drawing.addEventListener("pointerleave", () => this.#point_at(null));
  }

  #sample(i) {
    const line = svg("path", { class: "line line-" + i, d: "M0 6H24" });
    return svg("svg", { class: "line-sample", viewBox: "0 0 24 12", "aria-hidden": "true" }, line);
  }

  // For each line its points, by time.
  show(points) {
    this.#points = points;
    this.#draw();
  }

  #point_at(event) {
    if (event && this.#scale) {
      const { left } = this.#drawing.getBoundingClientRect();
      this.#pointed_at = this.#scale.at(event.clientX - left);
    } else {
      this.#pointed_at = null;
    }
    this.#tell();
    this.#draw();
  }

  #draw() {
    const [first] = this.#points;
    if (!first?.length || this.#width < 100) return this.#tell();
    this.#drawing.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    const most = Math.max(1, ...this.#points.flatMap((points) => points.map((one) => one.value)));
    const ticks = value_ticks(most);
    const box = {
      left: MARGIN.left,
      top: MARGIN.top,
      right: this.#width - MARGIN.right,
      bottom: HEIGHT - MARGIN.bottom,
    };
    const [from, to] = [first[0].at, first.at(-1).at];
    this.#scale = new Scale(box, { from, to: Math.max(to, from + 10_000) }, ticks.at(-1));
    this.#drawing.replaceChildren(
      ...this.#grid(ticks, box),
      ...this.#times(box),
      ...this.#points.map((points, i) => this.#line(points, i)),
      ...this.#mark(box),
    );
    this.#tell();
  }

  #grid(ticks, { left, right }) {
    return ticks.flatMap((value) => {
      const y = this.#scale.y(value).toFixed(1);
      const line = svg("path", { class: "grid", d: `M${left} ${y}H${right}` });
      const label = { class: "tick", x: left - 8, y, "text-anchor": "end" };
      return [line, svg("text", { ...label, "dominant-baseline": "central" }, short_number(value))];
    });
  }

  #times({ left, right, bottom }) {
    const count = Math.max(2, Math.floor((right - left) / TICK_WIDTH));
    return time_ticks(this.#scale.from, this.#scale.to, count)
      .map((at) => ({ at, x: this.#scale.x(at) }))
      .filter(({ x }) => x > left + 20 && x < right - 20)
      .flatMap(({ at, x }) => [
        svg("path", { class: "grid", d: `M${x.toFixed(1)} ${bottom}v4` }),
        svg(
          "text",
          { class: "tick", x: x.toFixed(1), y: bottom + 17, "text-anchor": "middle" },
          time_of_day_text(new Date(at)),
        ),
      ]);
  }

  #line(points, i) {
    const path = svg("path", { class: "line line-" + i, d: line_path(points, this.#scale) });
    const { at, value } = points.at(-1);
    const end = { cx: this.#scale.x(at).toFixed(1), cy: this.#scale.y(value).toFixed(1), r: 3 };
    return svg("g", {}, path, svg("circle", { class: "end line-" + i, ...end }));
  }

  #mark({ top, bottom }) {
    if (this.#pointed_at === null) return [];
    const index = nearest_index(this.#points[0], this.#pointed_at);
    const x = this.#scale.x(this.#points[0][index].at).toFixed(1);
    return [svg("path", { class: "mark", d: `M${x} ${top}V${bottom}` })];
  }

  // In words and figures.
  #tell() {
    const texts = this.#lines.map(({ text_of }, i) => {
      const points = this.#points[i] ?? [];
      const at = this.#pointed_at;
      const point = at === null ? points.at(-1) : points[nearest_index(points, at)];
      const text = point ? text_of(point.value) : "–";
      set_text(this.#values[i], text);
      return text;
    });
    const [points = []] = this.#points;
    const shown =
      this.#pointed_at === null ? null : points[nearest_index(points, this.#pointed_at)];
    set_text(this.#time, shown ? time_of_day_text(new Date(shown.at)) : "");
    const label = this.#lines.map(({ name }, i) => `${name} ${texts[i]}`).join(", ");
    this.#drawing.setAttribute("aria-label", t("chart.label", { title: this.#title, now: label }));
  }
}
