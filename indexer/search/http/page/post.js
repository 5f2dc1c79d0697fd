// One post with all that is known of it, in a dialog over the results.

import { ApiError, ask } from "./api.js";
import { bar, element, foreign, icon, unseen } from "./elements.js";
import { EMPTY, addressOf, changed, withPhrase } from "./state.js";
import { thumbnail } from "./thumbnail.js";
import { date, score } from "./wording.js";

export class PostView {
  /** onClose(): the person has closed it. */
  constructor(dialog, { onClose }) {
    this.dialog = dialog;
    this.shown = "";
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      onClose();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog || event.target.closest("[data-close]")) {
        onClose();
      }
    });
  }

  /** Opens the post of a state, or closes what is open. */
  async show(state) {
    if (state.post && this.shown === state.post && this.dialog.open) {
      return;
    }
    this.asking?.abort();
    if (!state.post) {
      this.shown = "";
      this.dialog.close();
      return;
    }
    this.shown = state.post;
    this.fill(element("h2", { id: "post-name" }, "Post"), element("p", { class: "note" }, "…"));
    if (!this.dialog.open) {
      this.dialog.showModal();
    }
    const asking = new AbortController();
    this.asking = asking;
    try {
      const post = await ask("post", { id: state.post }, { signal: asking.signal });
      this.fill(...content(post, state));
    } catch (error) {
      if (asking.signal.aborted) {
        return;
      }
      if (!(error instanceof ApiError) || error.status === 401) {
        // Who is given the key shows it again.
        this.shown = "";
        throw error;
      }
      const gone = error.status === 404 ? "This post is no longer in the index." : error.message;
      this.fill(element("h2", { id: "post-name" }, "Post"), element("p", { role: "alert" }, gone));
    }
  }

  fill(...parts) {
    const close = element("button", { type: "button", class: "quiet close", "data-close": true }, icon("cross"), unseen("Close"));
    const had = this.dialog.contains(document.activeElement);
    this.dialog.replaceChildren(element("div", { class: "sheet" }, close, ...parts));
    if (had) {
      close.focus();
    }
  }
}

function content(post, state) {
  const like = addressOf(changed(EMPTY, { similar: post.id }));
  return [
    element("h2", { id: "post-name", class: "unseen" }, "Post"),
    post.has_picture && thumbnail(post, 640, { class: "thumbnail large" }),
    post.text.trim()
      ? foreign(post.text, "p", { class: "whole" })
      : element("p", { class: "no-text" }, "No text"),
    element(
      "p",
      { class: "facts" },
      post.created_at && element("time", { datetime: post.created_at }, date(post.created_at, { time: true })),
      (post.alignment ?? null) !== null &&
        element("span", {}, `Picture fits the text: ${score(post.alignment)}`),
      post.picture_dropped && element("span", {}, "Keyphrases of the text alone"),
      foreign(post.id, "span", { class: "id" }),
    ),
    element("h3", {}, "Keyphrases"),
    post.keyphrases.length ? scores(post.keyphrases, state) : element("p", { class: "note" }, "None."),
    ...extra(post.extra),
    element("p", { class: "row" }, element("a", { class: "strong", href: like, "data-go": true }, "More like this")),
  ];
}

function scores(found, state) {
  const rows = found.map(({ phrase, score: number }) =>
    element(
      "li",
      {},
      element(
        "a",
        { class: "facet", href: addressOf(withPhrase({ ...state, similar: "" }, phrase)), "data-go": true },
        foreign(phrase, "span", { class: "phrase" }),
        unseen(", score "),
        element("span", { class: "count" }, score(number)),
        bar(number),
      ),
    ),
  );
  return element("ul", { class: "facets" }, ...rows);
}

function extra(fields) {
  const named = Object.entries(fields ?? {});
  if (named.length === 0) {
    return [];
  }
  const rows = named.map(([name, value]) =>
    element("div", {}, foreign(name, "dt"), foreign(told(value), "dd")),
  );
  return [element("h3", {}, "Other fields"), element("dl", { class: "extra" }, ...rows)];
}

function told(value) {
  if (value === null) {
    return "–";
  }
  return typeof value === "object" ? JSON.stringify(value, null, 1) : String(value);
}
