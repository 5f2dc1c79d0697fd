// Beside the posts: their most frequent keyphrases, and those that tell them from other posts.

import { bar, element, foreign, icon, unseen } from "./elements.js";
import { addressOf, withPhrase, withoutPhrase } from "./state.js";
import { count, posts } from "./wording.js";

const FIRST = 12;

/** Null: there are none. */
export function facets(found, state) {
  if (found.length === 0) {
    return null;
  }
  const most = Math.max(...found.map((facet) => facet.count));
  const rows = found.map((facet) => row(facet, most, state));
  const list = element("ul", { class: "facets" }, ...rows.slice(0, FIRST));
  const parts = [element("h2", { id: "facets-name" }, "Keyphrases"), list];
  if (rows.length > FIRST) {
    const more = element("button", { type: "button", class: "quiet" }, `${rows.length - FIRST} more`);
    more.addEventListener("click", () => {
      more.remove();
      list.append(...rows.slice(FIRST));
      rows[FIRST].firstElementChild.focus();
    });
    parts.push(more);
  }
  return parts;
}

function row({ phrase, count: number }, most, state) {
  const active = state.phrases.includes(phrase);
  const next = active ? withoutPhrase(state, phrase) : withPhrase(state, phrase);
  return element(
    "li",
    {},
    element(
      "a",
      { class: "facet", href: addressOf(next), "data-go": true, "aria-current": active && "true" },
      active && unseen("Remove the filter: "),
      foreign(phrase, "span", { class: "phrase" }),
      active && icon("cross"),
      element("span", { class: "count", "aria-hidden": "true" }, count(number)),
      unseen(`, ${posts(number)}`),
      bar(number / most),
    ),
  );
}

/** Null: there are none. */
export function related(found, state) {
  if (found.length === 0) {
    return null;
  }
  const links = found.map(({ phrase }) =>
    element(
      "li",
      {},
      element("a", { class: "chip", href: addressOf(withPhrase(state, phrase)), "data-go": true }, foreign(phrase)),
    ),
  );
  return [
    element("h2", { id: "related-name" }, "Related"),
    element("p", { class: "note" }, "More frequent here than elsewhere"),
    element("ul", { class: "chips" }, ...links),
  ];
}
