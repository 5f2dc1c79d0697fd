// Asking for the API key, once the server has refused to answer without it.

import { ApiError, beginSession } from "./api.js";

export class KeyDialog {
  constructor(dialog) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.input = dialog.querySelector("[type=password]");
    this.problem = dialog.querySelector("[role=alert]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  /** Until there is a session; false: the person does not want to. */
  ask() {
    this.asked ??= new Promise((resolve) => {
      this.done = resolve;
      this.dialog.addEventListener("close", () => this.finish(false), { once: true });
      this.dialog.showModal();
      this.input.focus();
    });
    return this.asked;
  }

  async send() {
    this.problem.textContent = "";
    try {
      await beginSession(this.input.value.trim());
      this.finish(true);
      this.dialog.close();
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      this.problem.textContent = error.status === 401 ? "That is not the key." : error.message;
      this.input.select();
    }
  }

  finish(answer) {
    this.input.value = "";
    this.done?.(answer);
    this.asked = undefined;
    this.done = undefined;
  }
}
