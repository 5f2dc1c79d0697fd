// The posts that were found, or what to do about none.

import { element, foreign, icon } from "./elements.js";
import { keyphrases } from "./keyphrases.js";
import { marked } from "./marked.js";
import { EMPTY, addressOf, changed, withPhrase, withoutPhrase } from "./state.js";
import { thumbnail } from "./thumbnail.js";
import { date, sentence, span } from "./wording.js";

/** A list of posts. */
export function results(hits, state) {
  return element("ol", { class: "posts" }, ...hits.map((hit) => element("li", {}, post(hit, state))));
}

function post(hit, state) {
  const open = addressOf({ ...state, post: hit.id });
  const like = addressOf(changed(EMPTY, { similar: hit.id }));
  return element(
    "article",
    {},
    // The text is the same link, for those who cannot see the picture.
    element("a", { class: "frame", href: open, "data-go": true, tabindex: "-1", "aria-hidden": "true" }, thumbnail(hit, 320)),
    element(
      "div",
      { class: "said" },
      element("h2", {}, element("a", { href: open, "data-go": true, dir: "auto" }, passage(hit))),
      hit.summary && foreign(hit.summary, "p", { class: "summary" }),
      hit.keyphrases.length > 0 &&
        keyphrases(hit.keyphrases, {
          href: (phrase) => addressOf(withPhrase(state, phrase)),
          active: state.phrases,
        }),
      element(
        "p",
        { class: "facts" },
        hit.created_at && element("time", { datetime: hit.created_at }, date(hit.created_at)),
        element("a", { class: "quiet", href: like, "data-go": true }, "More like this"),
        foreign(hit.id, "span", { class: "id" }),
      ),
    ),
  );
}

function passage(hit) {
  const shown = marked(hit.highlight);
  const text = shown.textContent.trim();
  if (!text) {
    return element("span", { class: "no-text" }, hit.has_picture ? "A picture without text" : "No text");
  }
  if (!hit.text.trim().startsWith(text)) {
    shown.prepend("… ");
  }
  if (!hit.text.trim().endsWith(text)) {
    shown.append(" …");
  }
  return shown;
}

/** What to try where no post is found. */
export function nothing(state, likely = []) {
  const ways = [];
  const way = (words, next) =>
    ways.push(element("li", {}, element("a", { href: addressOf(next), "data-go": true }, ...words)));
  state.phrases.forEach((phrase) =>
    way(["without the keyphrase “", foreign(phrase), "”"], withoutPhrase(state, phrase)),
  );
  if (state.since || state.until) {
    way([`of any date, not ${span(state.since, state.until)}`], changed(state, { since: "", until: "" }));
  }
  if (state.score) {
    way(["with any score"], changed(state, { score: 0 }));
  }
  if (state.aligned) {
    way(["with a picture that fits or not"], changed(state, { aligned: 0 }));
  }
  if (state.picture) {
    way(["with or without a picture"], changed(state, { picture: false }));
  }
  if (state.q && ways.length > 0) {
    way(["without the words, with the filters alone"], changed(state, { q: "" }));
  }
  way(["all posts"], EMPTY);
  return element(
    "div",
    { class: "panel" },
    likely.length > 0 &&
      element(
        "p",
        {},
        "Perhaps a keyphrase: ",
        element("span", { class: "inline" }, ...likely.map((phrase) => likelyLink(state, phrase))),
      ),
    state.q && element("p", {}, "Fewer or more general words find more; a post must have most of them."),
    element("p", {}, "Or look for posts"),
    element("ul", {}, ...ways),
  );
}

function likelyLink(state, phrase) {
  const next = changed(EMPTY, { phrases: [phrase] });
  return element("a", { class: "chip", href: addressOf(next), "data-go": true }, foreign(phrase));
}

/** A trouble, in the place of posts, and what to do. */
export function trouble(message, again) {
  const button = element("button", { type: "button", class: "strong" }, "Try again");
  button.addEventListener("click", again);
  return element(
    "div",
    { class: "panel trouble" },
    element("p", {}, foreign(sentence(message), "span")),
    element("p", { class: "row" }, button, element("a", { href: "./", "data-go": true }, "Start anew")),
  );
}

/** From page to page; `canGoBack`: the page before is the one that was shown before. */
export function pages(state, answer, { canGoBack }) {
  const shown = [];
  if (state.after && canGoBack) {
    const back = element("button", { type: "button", class: "strong" }, icon("back"), "Previous page");
    back.addEventListener("click", () => history.back());
    shown.push(back);
  } else if (state.after) {
    const first = addressOf({ ...state, after: "", from: 0, post: "" });
    shown.push(element("a", { class: "strong", href: first, "data-go": true }, icon("back"), "First page"));
  }
  if (answer.next) {
    const next = { ...state, after: answer.next, from: state.from + answer.hits.length, post: "" };
    shown.push(
      element("a", { class: "strong next", href: addressOf(next), "data-go": "next", rel: "next" }, "Next page", icon("on")),
    );
  }
  return shown;
}
