// The API's highlight, which is HTML-escaped text with <mark> and nothing else, as nodes.

import { element } from "./elements.js";

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', "#x27": "'", "#39": "'" };

/** Whatever else stands in it is shown as it stands there. */
export function marked(highlight) {
  const passage = document.createDocumentFragment();
  let open = null;
  for (const part of highlight.split(/(<\/?mark>)/)) {
    if (part === "<mark>") {
      open = element("mark");
      passage.append(open);
    } else if (part === "</mark>") {
      open = null;
    } else if (part) {
      (open ?? passage).append(unescaped(part));
    }
  }
  return passage;
}

function unescaped(text) {
  return text.replace(/&(amp|lt|gt|quot|#x27|#39);/g, (_, name) => ENTITIES[name]);
}
