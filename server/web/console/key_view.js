// Where the server has an admin key: a form that asks for it.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { heading, notice, work_button } from "../ui.js";
import { field, OperatorNotices } from "./pieces.js";

// `problem`: what the server said; `had_key`: to a key. on_open() is told once one opens.
export function key_view(app, problem, had_key, on_open) {
  const notices = new OperatorNotices();
  const input = h("input", {
    id: "key",
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "512",
  });
  const wrong = () => notices.show(notice("bad", t("key.wrong"), t("key.wrong.do")));
  const button = work_button(t("key.open"), t("key.opening"), notices, async () => {
    const key = input.value.trim();
    // Of other letters no field of a request is made.
    if (!/^[\x21-\x7e]+$/.test(key)) return wrong();
    try {
      await app.api.try_key(key);
    } catch (refused) {
      if (refused.code !== "admin_key_invalid") throw refused;
      return wrong();
    }
    on_open();
  });
  const submit = (event) => {
    event.preventDefault();
    button.click();
  };
  if (had_key) wrong();
  return h(
    "div",
    { class: "narrow" },
    heading(t("key.heading")),
    h("p", {}, t("key.about")),
    h("p", { class: "quiet" }, t("key.said"), " ", h("q", { lang: "en" }, problem.detail)),
    h(
      "form",
      { class: "card stack", onsubmit: submit },
      field(t("key.label"), input, t("key.hint")),
      notices.element,
      h("p", { class: "actions" }, button),
    ),
  );
}
