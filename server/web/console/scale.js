// Where the points of a chart lie. No page is needed here.

const STEPS = [1, 2, 2.5, 5, 10];
const TIME_STEPS = [
  5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
];

// From 0 to the first round number that is no less than `most`: about `count` steps, whole numbers
// all of them.
export function value_ticks(most, count = 4) {
  const rough = Math.max(most, 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(
    1,
    STEPS.map((one) => one * power).find((one) => one >= rough * 0.999),
  );
  const whole = Number.isInteger(step) ? step : Math.ceil(step);
  const ticks = [];
  for (let value = 0; ; value += whole) {
    ticks.push(value);
    if (value >= most && value > 0) return ticks;
  }
}

// Round times between the two, at most `count` of them; milliseconds since 1970.
export function time_ticks(from, to, count = 5) {
  const seconds = (to - from) / 1000;
  const step = 1000 * (TIME_STEPS.find((one) => seconds / one <= count) ?? TIME_STEPS.at(-1));
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}

export class Scale {
  // `box`: { left, top, right, bottom } of the drawing's inside.
  constructor(box, { from, to }, most) {
    Object.assign(this, { box, from, to: Math.max(to, from + 1), most: Math.max(most, 1) });
  }

  x(at) {
    const share = (at - this.from) / (this.to - this.from);
    return this.box.left + share * (this.box.right - this.box.left);
  }

  y(value) {
    return this.box.bottom - (value / this.most) * (this.box.bottom - this.box.top);
  }

  // The moment at that x, within what is shown.
  at(x) {
    const share = (x - this.box.left) / (this.box.right - this.box.left);
    return this.from + Math.min(1, Math.max(0, share)) * (this.to - this.from);
  }
}

// Of [{ at, value }]: the line through them. What does not change between two is one straight part.
export function line_path(points, scale) {
  const parts = [];
  points.forEach(({ at, value }, i) => {
    const is_same = value === points[i - 1]?.value && value === points[i + 1]?.value;
    if (is_same) return;
    parts.push(`${parts.length ? "L" : "M"}${scale.x(at).toFixed(1)} ${scale.y(value).toFixed(1)}`);
  });
  return parts.join("");
}

// Where in the list, which is by time, the one stands that is nearest to the moment; -1 of none.
export function nearest_index(points, at) {
  let best = -1;
  points.forEach((point, i) => {
    if (best < 0 || Math.abs(point.at - at) < Math.abs(points[best].at - at)) best = i;
  });
  return best;
}
