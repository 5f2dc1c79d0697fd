// Order, pictures and score: what is chosen beside the words.

import { score } from "./wording.js";

export class Controls {
  /** onChange(changes): of the state. */
  constructor(onChange) {
    this.all = document.getElementById("controls");
    this.sort = document.getElementById("sort");
    this.picture = document.getElementById("has-picture");
    this.score = document.getElementById("score");
    this.shown = document.getElementById("score-shown");
    this.sort.addEventListener("change", () => onChange({ sort: this.sort.value }));
    this.picture.addEventListener("change", () => onChange({ picture: this.picture.checked }));
    this.score.addEventListener("input", () => this.tell());
    this.score.addEventListener("change", () => onChange({ score: Number(this.score.value) }));
  }

  show(state) {
    this.sort.value = state.sort;
    this.picture.checked = state.picture;
    this.score.value = String(state.score);
    this.tell();
    this.all.classList.toggle("idle", state.similar !== "");
  }

  tell() {
    const least = Number(this.score.value);
    this.shown.textContent = least ? score(least) : "any";
  }
}
