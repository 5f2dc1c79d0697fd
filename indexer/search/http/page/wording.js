// Numbers and dates in words.

const COUNT = new Intl.NumberFormat("en");
const SHORTEST_DATE = { year: "numeric", month: "short", day: "numeric", timeZone: "UTC" };
const DATE = new Intl.DateTimeFormat("en-GB", SHORTEST_DATE);
const TIME = new Intl.DateTimeFormat("en-GB", {
  ...SHORTEST_DATE,
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});
const MONTH = new Intl.DateTimeFormat("en-GB", { year: "numeric", month: "long", timeZone: "UTC" });
const DAY_MS = 24 * 3600 * 1000;

export function count(number) {
  return COUNT.format(number);
}

export function posts(number) {
  return `${count(number)} ${number === 1 ? "post" : "posts"}`;
}

export function score(number) {
  return number.toFixed(2);
}

/** A moment as ISO 8601, in UTC. */
export function date(text, { time = false } = {}) {
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? text : (time ? TIME : DATE).format(moment);
}

/** The last day of a bar, as `until:` has it; a bar's `until` is the day behind it. */
export function lastDay(until) {
  const moment = new Date(until);
  return Number.isNaN(moment.getTime())
    ? until
    : new Date(moment.getTime() - DAY_MS).toISOString().slice(0, 10);
}

/** From one day to another, both as ISO 8601; either may be empty. */
export function span(since, until) {
  if (!until) {
    return `since ${date(since)}`;
  }
  if (!since) {
    return `until ${date(until)}`;
  }
  return since === until ? date(since) : `${date(since)} – ${date(until)}`;
}

/** A bar of a chart, by its unit. */
export function period(bar, unit) {
  if (unit === "month") {
    return MONTH.format(new Date(bar.start));
  }
  return unit === "year" ? bar.start.slice(0, 4) : span(bar.start, lastDay(bar.until));
}

/** Cut at a word, if it is long. */
export function shortened(text, longest) {
  const plain = text.trim().replace(/\s+/gu, " ");
  const characters = Array.from(plain);
  if (characters.length <= longest) {
    return plain;
  }
  const start = characters.slice(0, longest).join("");
  const space = start.lastIndexOf(" ");
  return `${space > longest / 2 ? start.slice(0, space) : start}…`;
}

/** A message as a sentence. */
export function sentence(message) {
  const plain = message.trim();
  const end = /[.!?…]$/u.test(plain) ? "" : ".";
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}${end}`;
}
