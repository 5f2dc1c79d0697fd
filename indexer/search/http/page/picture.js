// Pictures to search by: kept by this window alone, and sent to this server alone.

import { element } from "./elements.js";

const MOST_KEPT = 10;
const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/tiff"];
const SIDE = 48;

const kept = new Map();
// Not from 1: the addresses of another window, and of this one before it was loaded anew, have others.
let number = Date.now();

/** The name by which a state has a file from now on. */
export function keep(file) {
  number += 1;
  const name = String(number);
  kept.set(name, { name, file, type: TYPES.includes(file.type) ? file.type : "application/octet-stream" });
  if (kept.size > MOST_KEPT) {
    kept.delete(kept.keys().next().value);
  }
  return name;
}

/** Undefined: this window has none of that name, as after it was loaded anew. */
export function pictureOf(name) {
  return kept.get(name);
}

/** The picture, small; drawn and not linked, which the page's policy forbids. */
export function preview(picture) {
  const canvas = element("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  createImageBitmap(picture.file)
    .then((bitmap) => {
      const scale = Math.max(SIDE / bitmap.width, SIDE / bitmap.height);
      const [width, height] = [bitmap.width * scale, bitmap.height * scale];
      const place = [(SIDE - width) / 2, (SIDE - height) / 2, width, height];
      canvas.getContext("2d").drawImage(bitmap, ...place);
      bitmap.close();
    })
    // What this browser cannot draw, the server may be able to read.
    .catch(() => canvas.remove());
  return canvas;
}

/** Choosing a picture with a button, and dropping one anywhere. */
export class PictureInput {
  /** onPicture(name): one is to be searched by; onRefused(words): it cannot be. */
  constructor({ onPicture, onRefused }) {
    this.onPicture = onPicture;
    this.onRefused = onRefused;
    this.whyNot = "";
    this.button = document.getElementById("by-picture");
    this.input = document.getElementById("picture-file");
    this.button.addEventListener("click", () => this.input.click());
    this.input.addEventListener("change", () => {
      this.take(this.input.files);
      // So that the same file can be chosen again.
      this.input.value = "";
    });
    document.addEventListener("dragover", (event) => this.over(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget ?? this.mark(false));
    document.addEventListener("drop", (event) => this.drop(event));
  }

  /** As the server has told. */
  allow({ vectors, why_not: whyNot }) {
    this.whyNot = whyNot ?? "";
    this.button.hidden = !vectors;
  }

  over(event) {
    if ([...event.dataTransfer.types].includes("Files")) {
      // Else the browser would leave the page for the file.
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      this.mark(true);
    }
  }

  drop(event) {
    this.mark(false);
    if (event.dataTransfer.files.length > 0) {
      event.preventDefault();
      this.take(event.dataTransfer.files);
    }
  }

  take(files) {
    if (files.length === 0) {
      return;
    }
    if (this.button.hidden) {
      this.onRefused(this.whyNot || "Whether posts can be searched by picture is not known yet");
    } else {
      this.onPicture(keep(files[0]));
    }
  }

  mark(over) {
    document.documentElement.classList.toggle("dropping", over);
  }
}
