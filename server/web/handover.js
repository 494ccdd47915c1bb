// The host's page hands over who is signed in, by a link: /#token=... Anybody can make such a link,
// with a place of their own, and whoever follows it would pay for them. So where this browser has
// been another buyer's it asks first; and a place that a link has brought says so, and can be left,
// for as long as one looks at it.
import { h, set_text, show } from "./dom.js";
import { t } from "./i18n.js";
import { ask } from "./ui.js";

// What stands behind the #; null where no link brought anybody.
export function handed_token(hash) {
  return /^#token=([\w.~+/=-]+)$/.exec(hash)?.[1] ?? null;
}

// Nobody knows a whole id by heart.
const name_of = (user_id) => user_id.slice(0, 8);

// Which concert the token is for; it is taken unless the buyer would rather stay who they are. Null,
// and nothing is taken, where `signal` says that it is no longer wanted.
export async function take_handed({ api, store }, token, signal) {
  const { data } = await api.call("GET", "/v1/tokens/current", { token });
  if (signal.aborted) return null;
  const { concert_id, user_id } = data;
  const own = store.get("user");
  if (own && own !== user_id) {
    const names = { link: name_of(user_id), own: name_of(own) };
    const words = [t("link.sure"), t("link.sure.detail", names), t("link.take"), t("link.stay")];
    const takes = await ask(...words, signal);
    if (signal.aborted) return null;
    if (!takes) return concert_id;
  }
  store.set("token." + concert_id, token);
  store.set("link." + concert_id, user_id);
  store.set("user", user_id);
  return concert_id;
}

// Says so while the place that is looked at has come by a link. on_left() is called when the buyer
// has left it: that is nobody's place in this browser any more.
export function link_bar({ store }, on_left) {
  let place = null;
  const text = h("p", {});
  const leave = () => {
    for (const name of ["token.", "link.", "first."]) store.remove(name + place.concert_id);
    if (store.get("user") === place.user_id) store.remove("user");
    on_left();
  };
  const button = h("button", { type: "button", class: "plain", onclick: leave }, t("link.leave"));
  const element = h("aside", { class: "link-bar", hidden: true }, text, button);
  return {
    element,
    hear(now) {
      place = now;
      show(element, place !== null && store.get("link." + place.concert_id) === place.user_id);
      if (place) set_text(text, t("link.here", { link: name_of(place.user_id) }));
    },
  };
}
