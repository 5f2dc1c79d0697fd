// The picture of a post in a box of fixed size, so that nothing moves when it comes.

import { thumbnailAddress } from "./api.js";
import { element, icon } from "./elements.js";
import { shortened } from "./wording.js";

const AGAIN_MS = 3_000;

/** size: 160, 320 or 640 pixels of the long side. Without a picture a quiet sign stands there. */
export function thumbnail(hit, size, attributes = {}) {
  const box = element("span", { class: "thumbnail", ...attributes });
  if (!hit.has_picture) {
    box.append(icon("lines"));
    box.classList.add("empty");
    return box;
  }
  const address = thumbnailAddress(hit.id, size);
  const picture = element("img", { alt: described(hit), loading: "lazy", decoding: "async" });
  let tries = 0;
  picture.addEventListener("load", () => box.classList.add("there"));
  picture.addEventListener("error", () => {
    box.classList.add("empty");
    box.replaceChildren(icon("picture"));
    tries += 1;
    // A server that has only just been started may still be looking where the pictures are.
    if (tries === 1) {
      setTimeout(() => {
        if (box.isConnected) {
          box.classList.remove("empty");
          box.replaceChildren(picture);
          picture.removeAttribute("src");
          picture.src = address;
        }
      }, AGAIN_MS);
    }
  });
  picture.src = address;
  box.append(picture);
  return box;
}

/** What a picture shows is what the model saw in it. */
function described(hit) {
  const phrases = hit.keyphrases.slice(0, 3).map(({ phrase }) => phrase);
  return phrases.length ? `Picture: ${shortened(phrases.join(", "), 120)}` : "Picture of this post";
}
