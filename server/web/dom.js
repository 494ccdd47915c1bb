// Elements, made in one call, with text as text: nothing that anybody wrote becomes markup.
//
//   h("button", { class: "primary", onclick: pay }, t("pay.button"))

const SVG = "http://www.w3.org/2000/svg";

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined));
  return element;
}

export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

// Changes the text only where it is another, so that a live region does not say it twice.
export function set_text(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, is_shown) {
  element.hidden = !is_shown;
}
