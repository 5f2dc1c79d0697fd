// What is asked, as the address has it: every state of the page is an address.

import { pictureOf } from "./picture.js";

export const EMPTY = Object.freeze({
  q: "",
  phrases: Object.freeze([]),
  since: "",
  until: "",
  picture: false,
  aligned: 0,
  image: "",
  score: 0,
  sort: "",
  similar: "",
  after: "",
  from: 0,
  post: "",
});

const MOST_PHRASES = 20;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The state of `location.search`; what is no sense in it is left out. */
export function stateOf(search) {
  const asked = new URLSearchParams(search);
  const text = (name) => asked.get(name) ?? "";
  const day = (name) => (DAY.test(text(name)) ? text(name) : "");
  const share = (name) => {
    const number = Number(text(name));
    return number > 0 && number <= 1 ? Math.round(number * 100) / 100 : 0;
  };
  const from = Number(text("from"));
  const after = text("after");
  return {
    q: text("q").trim(),
    phrases: [...new Set(asked.getAll("phrase").filter((phrase) => phrase.trim()))].slice(0, MOST_PHRASES),
    since: day("since"),
    until: day("until"),
    picture: text("picture") === "1",
    aligned: share("aligned"),
    // Another window, or this one loaded anew, does not have the picture.
    image: pictureOf(text("image")) ? text("image") : "",
    score: share("score"),
    sort: text("sort") === "date" ? "date" : "",
    similar: text("similar"),
    after,
    from: after && Number.isInteger(from) && from > 0 ? from : 0,
    post: text("post"),
  };
}

/** Inverse of `stateOf`: an address relative to the page. */
export function addressOf(state) {
  const asked = new URLSearchParams();
  const put = (name, value) => value && asked.append(name, value);
  put("q", state.q);
  state.phrases.forEach((phrase) => put("phrase", phrase));
  put("since", state.since);
  put("until", state.until);
  put("picture", state.picture ? "1" : "");
  put("aligned", state.aligned ? String(state.aligned) : "");
  put("image", state.image);
  put("score", state.score ? String(state.score) : "");
  put("sort", state.sort);
  put("similar", state.similar);
  put("after", state.after);
  put("from", state.from ? String(state.from) : "");
  put("post", state.post);
  const text = asked.toString();
  return text ? `?${text}` : "./";
}

/** Another question: on its first page, with no post opened. */
export function changed(state, changes) {
  return { ...state, similar: "", after: "", from: 0, post: "", ...changes };
}

export function withPhrase(state, phrase) {
  return state.phrases.includes(phrase) ? state : changed(state, { phrases: [...state.phrases, phrase] });
}

export function withoutPhrase(state, phrase) {
  return changed(state, { phrases: state.phrases.filter((one) => one !== phrase) });
}

/** Without the post and the page: two states that are alike here have the same facets. */
export function questionOf(state) {
  return addressOf({ ...state, after: "", from: 0, post: "" });
}

/** Whether anything but a post is asked for. */
export function asksAnything(state) {
  return questionOf(state) !== questionOf(EMPTY);
}
