// Amounts, dates and durations, as people of the chosen language write them.
import { current_locale, t } from "./i18n.js";

// Making one takes longer than using it a thousand times, and thousands of seats have a price.
const money_formats = new Map();

function money_format(currency) {
  const key = current_locale() + currency;
  let format = money_formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(current_locale(), { style: "currency", currency });
    money_formats.set(key, format);
  }
  return format;
}

function digits_of(currency) {
  return money_format(currency).resolvedOptions().maximumFractionDigits;
}

// Of the API's { amount, currency }, which counts minor units.
export function money_text({ amount, currency }) {
  return money_format(currency).format(amount / 10 ** digits_of(currency));
}

// What was typed, in minor units; null where it is no amount.
export function typed_amount(text, currency) {
  const digits = digits_of(currency);
  const plain = text.replace(/[\s,']/g, "");
  if (!/^\d+(\.\d+)?$/.test(plain)) return null;
  const minor = Math.round(Number(plain) * 10 ** digits);
  const is_exact = (plain.split(".")[1] ?? "").length <= digits;
  return is_exact && minor > 0 && Number.isSafeInteger(minor) ? minor : null;
}

// As it would be typed.
export function typed_text(minor, currency) {
  const digits = digits_of(currency);
  return (minor / 10 ** digits).toFixed(digits);
}

// Of the API's "2026-12-24T19:00:00.000+09:00": the time on the wall of the hall, wherever the
// reader is.
export function starts_text(starts_at) {
  const wall = new Date(starts_at.replace(/(Z|[+-]\d\d:\d\d)$/, "Z"));
  const format = new Intl.DateTimeFormat(current_locale(), {
    dateStyle: "full",
    timeStyle: "short",
    timeZone: "UTC",
  });
  return format.format(wall);
}

// Of "2026-12-24".
export function date_text(date) {
  const format = new Intl.DateTimeFormat(current_locale(), { dateStyle: "full", timeZone: "UTC" });
  return format.format(new Date(date + "T00:00:00Z"));
}

// A moment, by the reader's own clock.
export function moment_text(moment) {
  const format = new Intl.DateTimeFormat(current_locale(), {
    dateStyle: "medium",
    timeStyle: "short",
  });
  return format.format(new Date(moment));
}

export function time_of_day_text(moment) {
  return new Intl.DateTimeFormat(current_locale(), { timeStyle: "medium" }).format(moment);
}

// 4:05, or 1:04:05, or 2 days 1:04:05: a countdown's.
export function clock_text(ms) {
  const seconds = Math.ceil(ms / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3_600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  const tail = two(seconds % 60);
  if (days > 0) return `${t("time.days", { n: days })} ${hours}:${two(minutes)}:${tail}`;
  if (hours > 0) return `${hours}:${two(minutes)}:${tail}`;
  return `${minutes}:${tail}`;
}

// In words, to be spoken or read at ease: "4 minutes".
export function duration_text(ms) {
  if (ms < 60_000) return t("time.seconds", { n: Math.max(1, Math.round(ms / 1000)) });
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return t("time.minutes", { n: minutes });
  return t("time.hours", { n: Math.round(minutes / 60) });
}

// As it was set: "90 seconds", which are not two minutes.
export function exact_text(ms) {
  if (ms % 3_600_000 === 0) return t("time.hours", { n: ms / 3_600_000 });
  if (ms % 60_000 === 0) return t("time.minutes", { n: ms / 60_000 });
  return t("time.seconds", { n: ms / 1000 });
}

// "2 to 4 minutes": how long the wait will be at best and at worst, no finer than can be known.
export function range_text({ min, max }) {
  if (max < 60_000) return t("time.under_minute");
  const least = Math.max(1, Math.floor(min / 60_000));
  const most = Math.ceil(max / 60_000);
  const in_minutes = (n) => duration_text(n * 60_000);
  if (least === most) return in_minutes(most);
  if (most < 90) return t("line.wait.range", { from: least, to: in_minutes(most) });
  const [from, to] = [in_minutes(least), in_minutes(most)];
  return from === to ? to : t("line.wait.range", { from, to });
}
