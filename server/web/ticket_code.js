// The QR code of a ticket, dark on light whatever the colours of the page: not every scanner reads
// the reverse.
import { h, svg } from "./dom.js";
import { t } from "./i18n.js";
import { QUIET, qr_code, qr_path } from "./qr.js";

export function ticket_code(text) {
  const code = qr_code(text);
  if (!code) return h("p", { class: "quiet foot" }, t("ticket.code.none"));
  const size = code.size + 2 * QUIET;
  const drawing = svg(
    "svg",
    { viewBox: `${-QUIET} ${-QUIET} ${size} ${size}`, role: "img", "aria-label": t("ticket.code") },
    svg("rect", { x: -QUIET, y: -QUIET, width: size, height: size, fill: "#fff" }),
    svg("path", { d: qr_path(code), fill: "#000", "shape-rendering": "crispEdges" }),
  );
  return h("figure", { class: "code" }, drawing, h("figcaption", {}, t("ticket.code.do")));
}
