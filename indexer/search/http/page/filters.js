// What filters the posts beside the words: each can be taken away.

import { element, foreign, icon, unseen } from "./elements.js";
import { pictureOf, preview } from "./picture.js";
import { EMPTY, addressOf, changed, withoutPhrase } from "./state.js";
import { score, span } from "./wording.js";

/** likeText: how the post begins that others shall be like. */
export function filters(state, likeText) {
  const shown = [];
  const add = (words, next) =>
    shown.push(
      element(
        "li",
        {},
        element(
          "a",
          { class: "chip filter", href: addressOf(next), "data-go": true },
          unseen("Remove the filter: "),
          ...words,
          icon("cross"),
        ),
      ),
    );
  state.phrases.forEach((phrase) =>
    add([element("span", { class: "kind" }, "keyphrase "), foreign(phrase)], withoutPhrase(state, phrase)),
  );
  if (state.since || state.until) {
    add([span(state.since, state.until)], changed(state, { since: "", until: "" }));
  }
  if (state.score) {
    add([`score from ${score(state.score)}`], changed(state, { score: 0 }));
  }
  if (state.image) {
    const picture = pictureOf(state.image);
    add(
      [preview(picture), element("span", { class: "kind" }, "picture "), foreign(picture.file.name)],
      changed(state, { image: "" }),
    );
  }
  if (state.aligned) {
    add([`picture fits from ${score(state.aligned)}`], changed(state, { aligned: 0 }));
  }
  if (state.picture) {
    add(["with picture"], changed(state, { picture: false }));
  }
  if (state.similar) {
    add([element("span", { class: "kind" }, "like "), foreign(likeText || state.similar)], EMPTY);
  }
  if (shown.length > 1) {
    const next = changed(EMPTY, { q: state.q, sort: state.sort });
    shown.push(element("li", {}, element("a", { class: "quiet", href: addressOf(next), "data-go": true }, "Remove all")));
  }
  return shown.length > 0 ? element("ul", { class: "chips", "aria-label": "Filters" }, ...shown) : null;
}
