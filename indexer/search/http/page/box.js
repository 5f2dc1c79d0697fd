// The box in which queries are typed, with keyphrases suggested below it: a combobox as the ARIA
// patterns have it.

import { ask } from "./api.js";
import { element, foreign, unseen } from "./elements.js";
import { beginnings, completed, hasQuotes } from "./query.js";
import { count, posts } from "./wording.js";

const PAUSE_MS = 120;
const MOST = 8;

export class Box {
  /** onSearch(text), onPhrase(text, phrase): what the person wants, with the text that is left. */
  constructor(form, { onSearch, onPhrase }) {
    this.onSearch = onSearch;
    this.onPhrase = onPhrase;
    this.input = form.querySelector("input[role=combobox]");
    this.list = form.querySelector("[role=listbox]");
    this.options = [];
    this.active = -1;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.close();
      this.onSearch(this.input.value.trim());
    });
    this.input.addEventListener("input", () => this.later());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    // A press must not take the focus from the box before the click is through.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row !== null) {
        this.choose(Number(row.dataset.number));
      }
    });
  }

  /** Shows the text of a state. */
  show(text) {
    if (this.input.value.trim() !== text) {
      this.input.value = text;
    }
    this.close();
  }

  /** Marks the place that is wrong, in units of the selection. */
  point(start, end) {
    this.input.setAttribute("aria-invalid", "true");
    if (document.activeElement === this.input) {
      this.input.setSelectionRange(start, end);
    }
  }

  unpoint() {
    this.input.removeAttribute("aria-invalid");
  }

  /** Asks for suggestions once the typing pauses; what was asked before is given up. */
  later() {
    this.stop();
    this.timer = setTimeout(() => this.suggest(), PAUSE_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.asking = undefined;
  }

  async suggest() {
    const { value, selectionStart, selectionEnd } = this.input;
    const ways = selectionStart === selectionEnd ? beginnings(value, selectionStart) : [];
    if (ways.length === 0) {
      this.close();
      return;
    }
    const asking = new AbortController();
    this.asking = asking;
    try {
      const answers = await Promise.all(
        ways.map((way) =>
          ask("suggest", { q: way.typed.slice(0, 200), limit: MOST }, { signal: asking.signal }),
        ),
      );
      if (!asking.signal.aborted) {
        this.offer(answers.flatMap((answer, number) => offers(answer, ways[number])));
      }
    } catch {
      // Without suggestions a search still works, and it says what is wrong.
      if (!asking.signal.aborted) {
        this.close();
      }
    }
  }

  offer(found) {
    const seen = new Set();
    this.options = found
      .filter(({ phrase }) => !seen.has(phrase) && seen.add(phrase))
      .slice(0, MOST);
    this.active = -1;
    this.list.replaceChildren(...this.options.map(row));
    this.list.hidden = this.options.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.input.removeAttribute("aria-activedescendant");
  }

  close() {
    this.stop();
    this.offer([]);
  }

  key(event) {
    if (event.isComposing) {
      return;
    }
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open) {
        this.move(event.key === "ArrowDown" ? 1 : -1);
      } else {
        this.suggest();
      }
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.choose(this.active);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Escape") {
      this.input.value = "";
    }
  }

  /** Up and down, and through the box itself between the last row and the first. */
  move(step) {
    const rows = this.options.length + 1;
    this.active = ((this.active + 1 + step + rows) % rows) - 1;
    [...this.list.children].forEach((row, number) => {
      row.setAttribute("aria-selected", String(number === this.active));
    });
    if (this.active < 0) {
      this.input.removeAttribute("aria-activedescendant");
      return;
    }
    const row = this.list.children[this.active];
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  choose(number) {
    const { phrase, way } = this.options[number];
    const result = completed(this.input.value, way, phrase);
    this.input.value = result.text;
    this.input.setSelectionRange(result.caret, result.caret);
    this.close();
    if (result.phrase !== null) {
      this.onPhrase(result.text, result.phrase);
    } else {
      this.onSearch(result.text);
    }
  }
}

function offers(answer, way) {
  return answer.suggestions
    .filter(({ phrase }) => !(way.negated && hasQuotes(phrase)))
    .map((suggestion) => ({ ...suggestion, way }));
}

function row({ phrase, count: number, way }, place) {
  return element(
    "li",
    { role: "option", id: `suggestion-${place}`, "data-number": place, "aria-selected": "false" },
    element("span", { class: "phrase" }, way.negated ? unseen("without ") : null, emphasised(phrase, way.typed)),
    element("span", { class: "count", "aria-hidden": "true" }, count(number)),
    unseen(`, ${posts(number)}`),
  );
}

/** What is typed in the weight of text, what would be added in bold. */
function emphasised(phrase, typed) {
  const start = phrase.toLowerCase().indexOf(typed.trim().toLowerCase());
  if (start < 0) {
    return foreign(phrase);
  }
  const end = start + typed.trim().length;
  const shown = foreign(phrase.slice(0, start));
  shown.append(element("span", { class: "typed" }, phrase.slice(start, end)), phrase.slice(end));
  return shown;
}
