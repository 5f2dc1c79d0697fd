// Keyphrases of a post with their scores, each a link that filters by it.

import { bar, element, foreign, unseen } from "./elements.js";
import { score } from "./wording.js";

const FIRST = 8;

/** href(phrase): where the filter leads; active: phrases that are filtered by already. */
export function keyphrases(found, { href, active, all = false }) {
  const chips = found.map(({ phrase, score: number }) => {
    const isActive = active.includes(phrase);
    return element(
      "li",
      {},
      element(
        "a",
        { class: "chip", href: href(phrase), "data-go": true, "aria-current": isActive && "true" },
        foreign(phrase),
        unseen(", score "),
        element("span", { class: "number" }, score(number)),
        bar(number),
      ),
    );
  });
  const list = element("ul", { class: "chips", "aria-label": "Keyphrases" }, ...(all ? chips : chips.slice(0, FIRST)));
  const others = chips.slice(FIRST);
  if (!all && others.length > 0) {
    const more = element("button", { type: "button", class: "quiet more" }, `${others.length} more`);
    more.addEventListener("click", () => {
      more.parentElement.remove();
      list.append(...others);
      others[0].firstElementChild.focus();
    });
    list.append(element("li", {}, more));
  }
  return list;
}
