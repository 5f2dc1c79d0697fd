// Elements from names, attributes and children. Whatever a server says becomes text, never HTML.

const SVG = "http://www.w3.org/2000/svg";

/** `on…` are listeners; null, undefined and false attributes and children are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === "function") {
      made.addEventListener(key.slice(2), value);
    } else {
      made.setAttribute(key, value === true ? "" : value);
    }
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** One of the symbols in index.html. */
export function icon(name) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", "icon");
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  drawn.append(use);
  return drawn;
}

/** Text of somebody else, whose direction turns nothing around it. */
export function foreign(text, name = "bdi", attributes = {}) {
  return element(name, { dir: "auto", ...attributes }, text);
}

/** Read aloud, not seen. */
export function unseen(text) {
  return element("span", { class: "unseen" }, text);
}

/** A bar of a share from 0 to 1; the number stands beside it. */
export function bar(share) {
  const drawn = element("span", { class: "bar", "aria-hidden": "true" });
  // Set like this and not as an attribute, which the page's policy forbids.
  drawn.style.setProperty("--share", String(Math.min(1, Math.max(0, share))));
  return drawn;
}
