// What was found, in one line.

import { pictureOf } from "./picture.js";
import { count, posts, shortened } from "./wording.js";

const LONGEST = 60;

export function found(state, answer, like) {
  const question = asked(state, like);
  const { total } = answer;
  if (total === 0) {
    return question ? `No post ${question}` : "No post";
  }
  if (state.after) {
    const last = state.from + answer.hits.length;
    return `Posts ${count(state.from + 1)}–${count(last)} of ${count(total)}${question && ` ${question}`}`;
  }
  if (state.similar) {
    return total > answer.hits.length
      ? `The ${count(answer.hits.length)} posts most ${question}`
      : `${posts(total)} ${question}`;
  }
  return question ? `${posts(total)} ${question}` : posts(total);
}

export function titled(state, answer, like) {
  const question = asked(state, like);
  const number = answer.total === 0 ? "No post" : posts(answer.total);
  return question ? `${number} ${question} – Keyphrases` : "Keyphrases";
}

/** With the signs that keep a foreign direction inside. */
function asked(state, like) {
  if (state.similar) {
    return `like ${quoted(like?.text.trim() || state.similar)}`;
  }
  const picture = state.image ? [`the picture ${quoted(pictureOf(state.image).file.name)}`] : [];
  const parts = [...picture, ...(state.q ? [quoted(state.q)] : []), ...state.phrases.map(quoted)];
  return parts.length > 0 ? `for ${parts.join(" and ")}` : "";
}

function quoted(text) {
  return `“\u2068${shortened(text, LONGEST)}\u2069”`;
}
