// What is typed, as the API is asked it: with what the page has chosen beside it.

const QUOTES = '"“”„';
const OPERATOR = /^(OR|AND|NOT)$/;

/**
 * The query of a state, and of each of its characters (code points, as the API counts them) the
 * place in what was typed; -1 for what the page has added.
 *
 * What the page adds stands before what is typed: of two orders the last one counts, and that shall
 * be the typed one; two dates or scores both hold. `has:picture` and `aligned:` are conditions like others, so they are
 * said in every alternative.
 */
export function compose(state) {
  const added = [
    state.sort && `sort:${state.sort}`,
    state.score && `score:${state.score}`,
    state.since && `since:${state.since}`,
    state.until && `until:${state.until}`,
  ].filter(Boolean);
  const condition = [state.picture && "has:picture", state.aligned && `aligned:${state.aligned}`]
    .filter(Boolean)
    .map((part) => `${part} `)
    .join("");
  const characters = [];
  const places = [];
  const add = (text) => {
    for (const character of text) {
      characters.push(character);
      places.push(-1);
    }
  };
  add(added.map((part) => `${part} `).join("") + condition);
  const starts = new Set(condition ? alternatives(state.q) : []);
  Array.from(state.q).forEach((character, place) => {
    if (starts.has(place)) {
      add(` ${condition}`);
    }
    characters.push(character);
    places.push(place);
  });
  return { q: characters.join("").trimEnd(), places };
}

/** A place in a composed query as a place in what was typed, in the units of an input's selection. */
export function typedPlace(typed, places, place) {
  const found = places.slice(place).find((each) => each >= 0);
  const characters = Array.from(typed);
  return characters.slice(0, found ?? characters.length).join("").length;
}

/** Where alternatives begin behind an `OR` that stands in no brackets or quotes; code points. */
function alternatives(typed) {
  const starts = [];
  for (const word of words(typed)) {
    if (word.text === "OR" && word.depth === 0) {
      starts.push(word.end);
    }
  }
  return starts;
}

/** Bare words with the depth of brackets they stand in; places in code points. */
function* words(typed) {
  const characters = Array.from(typed);
  let depth = 0;
  let quoted = false;
  let start = null;
  for (let place = 0; place <= characters.length; place += 1) {
    const character = characters[place];
    const ends = character === undefined || /[\s()]/u.test(character) || QUOTES.includes(character);
    if (!quoted && !ends) {
      start ??= place;
      continue;
    }
    if (start !== null) {
      yield { text: characters.slice(start, place).join(""), start, end: place, depth };
      start = null;
    }
    if (character !== undefined && QUOTES.includes(character)) {
      quoted = !quoted;
    } else if (!quoted && character === "(") {
      depth += 1;
    } else if (!quoted && character === ")") {
      depth -= 1;
    }
  }
}

const MOST_WORDS = 3;
const KEY = new RegExp(`(?:^|[\\s(])(-?)key:(?:[${QUOTES}]([^${QUOTES}]*)|([^\\s()${QUOTES}]*))$`, "iu");
const PLAIN = new RegExp(`^[^\\s()${QUOTES}:]+$`, "u");

/**
 * What may be completed at the caret: beginnings of keyphrases, the longest first, each with where
 * it starts. They end at `end`. Empty where nothing is.
 */
export function beginnings(text, caret) {
  const before = text.slice(0, caret);
  const behind = text.slice(caret);
  if (behind && !/^\s/u.test(behind)) {
    return [];
  }
  const key = KEY.exec(before);
  if (key !== null) {
    const start = key.index + (/^[\s(]/u.test(key[0]) ? 1 : 0);
    return only({ typed: key[2] ?? key[3], start, end: caret, negated: key[1] === "-" });
  }
  if ([...before].filter((character) => QUOTES.includes(character)).length % 2) {
    return [];
  }
  const found = [];
  let start = caret;
  while (found.length < MOST_WORDS) {
    const word = /(\S+)\s*$/u.exec(before.slice(0, start));
    if (word === null) {
      break;
    }
    const [, last] = word;
    if (found.length === 0 && /^-./u.test(last) && PLAIN.test(last.slice(1))) {
      return only({ typed: before.slice(word.index + 1), start: word.index, end: caret, negated: true });
    }
    if (!PLAIN.test(last) || last.startsWith("-") || OPERATOR.test(last)) {
      break;
    }
    start = word.index;
    found.unshift({ typed: before.slice(start), start, end: caret, negated: false });
  }
  return found.filter((one) => worthIt(one.typed));
}

function only(beginning) {
  return worthIt(beginning.typed) ? [beginning] : [];
}

/** Of one letter half of all keyphrases begin, unless each letter is a word. */
function worthIt(typed) {
  const bare = typed.trim();
  return bare.length > 1 || /[^\p{ASCII}]/u.test(bare);
}

/**
 * What becomes of the text when a keyphrase is taken: `phrase` if it is to be a filter beside it,
 * and where the caret goes. Beside alternatives, brackets and NOT it stays where it was typed.
 */
export function completed(text, beginning, phrase) {
  const rest = text.slice(0, beginning.start) + text.slice(beginning.end);
  const around = [...words(rest)];
  const plain =
    !beginning.negated &&
    !/[()]/u.test(rest.replace(new RegExp(`[${QUOTES}][^${QUOTES}]*[${QUOTES}]`, "gu"), "")) &&
    !around.some((word) => OPERATOR.test(word.text));
  if (plain || hasQuotes(phrase)) {
    const left = rest.replace(/\s+/gu, " ").trim();
    return { text: left, phrase: beginning.negated ? null : phrase, caret: left.length };
  }
  const put = `${beginning.negated ? "-" : ""}key:"${phrase}"`;
  const start = text.slice(0, beginning.start) + put;
  return { text: start + text.slice(beginning.end), phrase: null, caret: start.length };
}

/** No query can say them. */
export function hasQuotes(phrase) {
  return [...phrase].some((character) => QUOTES.includes(character));
}
