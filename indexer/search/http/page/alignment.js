// Beside the posts: how many have a picture that fits their text, and how well.

import { bar, element, icon, unseen } from "./elements.js";
import { addressOf, changed } from "./state.js";
import { count, posts, score } from "./wording.js";

/** found: counts by probability, the worst first; null: there are none. */
export function alignment(found, state) {
  if (found.length === 0) {
    return null;
  }
  const rows = [];
  let number = 0;
  for (const { least, count: some } of found.toReversed()) {
    number += some;
    if (least > 0) {
      rows.push({ least, number });
    }
  }
  return [
    element("h2", { id: "alignment-name" }, "Picture fits the text"),
    element("ul", { class: "facets" }, ...rows.map((each) => row(each, number, state))),
  ];
}

function row({ least, number }, all, state) {
  const active = state.aligned === least;
  const next = changed(state, { aligned: active ? 0 : least });
  return element(
    "li",
    {},
    element(
      "a",
      { class: "facet", href: addressOf(next), "data-go": true, "aria-current": active && "true" },
      active && unseen("Remove the filter: "),
      element("span", { class: "phrase" }, `${score(least)} or more`),
      active && icon("cross"),
      element("span", { class: "count", "aria-hidden": "true" }, count(number)),
      unseen(`, ${posts(number)}`),
      bar(all ? number / all : 0),
    ),
  );
}
