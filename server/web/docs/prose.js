// Text of the description as elements: paragraphs, and `code` in backticks.
import { h } from "../dom.js";

// The text of one line.
export function inline(text) {
  return text.split("`").map((part, i) => (i % 2 === 1 ? h("code", {}, part) : part));
}

export function paragraphs(text, properties = {}) {
  return (text ?? "")
    .split(/\n\s*\n/)
    .filter((part) => part.trim())
    .map((part) => h("p", properties, inline(part.trim())));
}

// Text that programs or people copy; it may be wider than the page. `label`: what it is.
export function listing(text, label) {
  return h("pre", { tabindex: "0", role: "group", "aria-label": label }, text);
}
