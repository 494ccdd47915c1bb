// The sections of the plan: buttons as long as their seats are not shown, and then only names.
import { svg } from "./dom.js";
import { PITCH } from "./geometry.js";
import { t } from "./i18n.js";
import { section_name } from "./seat_text.js";
import { colour_of, shape_of } from "./shapes.js";

// Pixels.
const NAME_SIZE = 15;
const STAGE_SIZE = 14;

// The stage is drawn above the plan, where the hall begins.
export function stage_height(hall) {
  if (!hall.has_plan) return 0;
  return Math.max(1.5 * PITCH, (hall.box.right - hall.box.left) * 0.035);
}

export class SectionLayer {
  element = svg("g", { class: "sections" });
  #hall;
  #parts;
  #stage = null;
  #are_buttons = false;

  constructor(hall) {
    this.#hall = hall;
    if (hall.has_plan) this.#draw_stage();
    this.#parts = hall.sections.map((section, number) => this.#draw(section, number));
    this.element.append(...this.#parts.map(({ node }) => node));
    // Above all sections, so that none covers the name of another.
    this.element.append(...this.#parts.map(({ texts }) => texts));
  }

  #draw(section, number) {
    const points = section.outline.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    const { x } = section.middle;
    const colour = "colour-" + colour_of(section.category);
    const mark = svg("path", { class: colour, d: shape_of(section.category) });
    const name = svg("text", { class: "name", x }, section_name(section));
    const free = svg("text", { class: "free", x }, t("seats.free", { n: section.free }));
    const shape = svg("polygon", { points, class: colour });
    const node = svg("g", { class: "section", "data-section": number }, shape);
    const texts = svg("g", { class: "section-texts", "aria-hidden": "true" }, mark, name, free);
    return { node, texts, section, mark, name, free };
  }

  #draw_stage() {
    const { left, right, top } = this.#hall.box;
    const height = stage_height(this.#hall);
    const [x, y] = [(left + right) / 2, top - height / 2];
    const width = (right - left) * 0.36;
    this.#stage = svg("text", { class: "stage-name", x, y }, t("seats.stage"));
    const place = { x: x - width / 2, y: y - height / 2, width, height, rx: height / 4 };
    this.element.append(svg("rect", { class: "stage", ...place }), this.#stage);
  }

  // The section of an element of the page, if it is one's.
  section_at(target) {
    const group = target.closest?.("[data-section]");
    return group ? this.#hall.sections[Number(group.dataset.section)] : null;
  }

  has_focus() {
    return this.element.contains(document.activeElement);
  }

  focus() {
    this.#parts[0].node.focus();
  }

  become_buttons() {
    this.#are_buttons = true;
    for (const { node, section } of this.#parts) {
      node.setAttribute("role", "button");
      node.setAttribute("tabindex", "0");
      node.removeAttribute("aria-hidden");
      this.#tell_free(node, section);
    }
  }

  become_names() {
    this.#are_buttons = false;
    for (const { node } of this.#parts) {
      for (const name of ["role", "tabindex", "aria-label"]) node.removeAttribute(name);
      node.setAttribute("aria-hidden", "true");
    }
  }

  // Those sections have another number of free seats.
  refresh(sections) {
    for (const { node, section, free } of this.#parts) {
      if (!sections.has(section)) continue;
      free.textContent = t("seats.free", { n: section.free });
      if (this.#are_buttons) this.#tell_free(node, section);
    }
  }

  #tell_free(node, section) {
    const values = { name: section_name(section), n: section.free };
    node.setAttribute("aria-label", t("seats.section.free", values));
    node.classList.toggle("full", section.free === 0);
  }

  // Texts keep their size on the screen, or shrink to their section. `scale`: pixels of a unit.
  fit_texts(scale) {
    const pixel = 1 / scale;
    for (const { section, mark, name, free } of this.#parts) {
      // A letter is about 0.6 of its size wide.
      const letters = Math.max(name.textContent.length, free.textContent.length * 0.85, 4);
      const size = Math.min(NAME_SIZE * pixel, (Math.sqrt(section.area) / letters) * 1.5);
      const { x, y } = section.middle;
      const is_alone = this.#parts.length === 1 && section.name === "";
      name.setAttribute("font-size", size);
      free.setAttribute("font-size", size * 0.85);
      name.setAttribute("y", this.#are_buttons ? y + size * 0.3 : section.box.top - 4 * pixel);
      free.setAttribute("y", y + size * 1.4);
      mark.setAttribute("transform", `translate(${x} ${y - size * 1.1}) scale(${size / 11})`);
      name.classList.toggle("tiny", size < 6 * pixel || (is_alone && !this.#are_buttons));
      free.classList.toggle("tiny", size < 10 * pixel || !this.#are_buttons);
      mark.classList.toggle("tiny", !this.#are_buttons);
    }
    this.#stage?.setAttribute(
      "font-size",
      Math.min(STAGE_SIZE * pixel, stage_height(this.#hall) * 0.7),
    );
  }
}
