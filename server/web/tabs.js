// Several ways to do the same, of which one is shown: as WAI-ARIA's tabs.
import { h } from "./dom.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

// `panels`: [name, label, element].
export function tabs(label, panels) {
  const buttons = panels.map(([name, text], i) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: "tab-" + name,
        "aria-controls": "panel-" + name,
        onclick: () => select(i),
        onkeydown: (event) => press(event, i),
      },
      text,
    ),
  );
  const contents = panels.map(([name, , element]) =>
    h("div", { role: "tabpanel", id: "panel-" + name, "aria-labelledby": "tab-" + name }, element),
  );

  function select(selected) {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === selected));
      button.setAttribute("tabindex", i === selected ? "0" : "-1");
      contents[i].hidden = i !== selected;
    });
  }

  function press(event, from) {
    if (!(event.key in STEPS)) return;
    const to = (from + STEPS[event.key] + buttons.length) % buttons.length;
    event.preventDefault();
    select(to);
    buttons[to].focus();
  }

  select(0);
  return h(
    "div",
    { class: "tabs" },
    h("div", { role: "tablist", "aria-label": label }, buttons),
    contents,
  );
}
