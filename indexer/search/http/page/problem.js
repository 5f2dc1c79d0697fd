// What is wrong with a query, and where, below the box.

import { element, foreign } from "./elements.js";
import { compose, typedPlace } from "./query.js";
import { sentence } from "./wording.js";

// The place is shown and need not be counted out.
const NAMED_PLACE = /, at character \d+ of the query: [^]*$/u;
const AROUND = 40;

/** Shows an ApiError that names a place in the query, or takes what was shown away. */
export function showProblem(place, box, error, state) {
  box.unpoint();
  if (error === null || error.start === null) {
    place.replaceChildren();
    return false;
  }
  const { places } = compose(state);
  const start = typedPlace(state.q, places, error.start);
  const end = Math.max(start, typedPlace(state.q, places, error.end));
  const before = state.q.slice(0, start);
  const after = state.q.slice(end);
  const echo = foreign("", "code", { class: "echo" });
  echo.append(
    before.length > AROUND ? `…${before.slice(-AROUND)}` : before,
    element("mark", { class: "wrong" }, state.q.slice(start, end) || " "),
    after.length > AROUND ? `${after.slice(0, AROUND)}…` : after,
  );
  place.replaceChildren(element("p", {}, sentence(error.message.replace(NAMED_PLACE, ""))), element("p", {}, echo));
  box.point(start, end);
  return true;
}

