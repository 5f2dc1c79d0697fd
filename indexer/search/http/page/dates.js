// How many posts there are of each day, week, month or year; a bar leads to its posts.

import { element } from "./elements.js";
import { count, lastDay, period, posts, span } from "./wording.js";

/** onSpan(since, until): days as ISO 8601, the last one included. Null: no post has a date. */
export function dates(found, state, onSpan) {
  if (!found && !state.since && !state.until) {
    return null;
  }
  const parts = [element("h2", { id: "dates-name" }, "Dates")];
  if (found && found.bars.length > 1) {
    parts.push(...chart(found, state, onSpan));
  }
  parts.push(
    element("details", { class: "choice" }, element("summary", {}, "Choose dates"), fields(found, state, onSpan)),
  );
  return parts;
}

function chart({ bars, unit }, { since, until }, onSpan) {
  const most = Math.max(...bars.map((bar) => bar.count));
  const pointed = element("p", { class: "note pointed", "aria-hidden": "true" });
  const rest = `${span(bars[0].start, lastDay(bars.at(-1).until))}, up to ${count(most)} a ${unit}`;
  pointed.textContent = rest;
  const buttons = bars.map((bar, number) => {
    const label = `${period(bar, unit)}: ${posts(bar.count)}`;
    const drawn = element("span", { class: "column" });
    drawn.style.setProperty("--share", String(bar.count / most));
    drawn.classList.toggle("none", bar.count === 0);
    const button = element(
      "button",
      { type: "button", "aria-label": label, tabindex: number === bars.length - 1 ? "0" : "-1", "aria-disabled": bar.count === 0 && "true" },
      drawn,
    );
    const point = () => {
      pointed.textContent = label;
    };
    button.addEventListener("pointerenter", point);
    button.addEventListener("focus", point);
    button.addEventListener("blur", () => {
      pointed.textContent = rest;
    });
    button.addEventListener("click", () => {
      // The first and the last bar may begin before the dates that are chosen, or end behind them.
      const first = bar.start < since ? since : bar.start;
      const last = lastDay(bar.until);
      if (bar.count) {
        onSpan(first, until && until < last ? until : last);
      }
    });
    return button;
  });
  const group = element(
    "div",
    { class: "chart", role: "group", "aria-label": `Posts by ${unit}, arrow keys go from one to the next` },
    ...buttons,
  );
  group.addEventListener("pointerleave", () => {
    pointed.textContent = rest;
  });
  group.addEventListener("keydown", (event) => walk(event, buttons));
  return [group, pointed];
}

/** One stop for the Tab key, however many bars there are. */
function walk(event, buttons) {
  const here = buttons.indexOf(document.activeElement);
  const last = buttons.length - 1;
  const there = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last }[event.key];
  if (here < 0 || there === undefined) {
    return;
  }
  event.preventDefault();
  const next = buttons[Math.min(last, Math.max(0, there))];
  buttons.forEach((button) => button.setAttribute("tabindex", button === next ? "0" : "-1"));
  next.focus();
}

function fields(found, state, onSpan) {
  const first = found?.bars[0]?.start ?? "";
  const last = found ? lastDay(found.bars.at(-1).until) : "";
  const field = (label, value) =>
    element("label", {}, label, element("input", { type: "date", value, min: "1900-01-01", max: "2076-12-31" }));
  const from = field("From", state.since);
  const to = field("to", state.until);
  const form = element(
    "form",
    { class: "span", "aria-label": first ? `Dates, between ${span(first, last)}` : "Dates" },
    from,
    to,
    element("button", { type: "submit", class: "quiet" }, "Apply"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onSpan(from.lastElementChild.value, to.lastElementChild.value);
  });
  return form;
}
