// Light or dark: as the system has it, until somebody chooses otherwise. No module, so that it runs
// before anything is painted.
"use strict";

(() => {
  const NAME = "keyphrases-theme";
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  // Where storage is switched off, a choice holds as long as the page.
  const kept = () => {
    try {
      return localStorage.getItem(NAME);
    } catch {
      return null;
    }
  };
  const keep = (theme) => {
    try {
      if (theme === null) {
        localStorage.removeItem(NAME);
      } else {
        localStorage.setItem(NAME, theme);
      }
    } catch {}
  };

  const ofSystem = () => (system.matches ? "dark" : "light");
  const show = (theme) => {
    root.dataset.theme = theme;
    document.getElementById("theme")?.setAttribute("aria-pressed", String(theme === "dark"));
  };
  const wanted = () => {
    const theme = kept();
    return theme === "light" || theme === "dark" ? theme : ofSystem();
  };

  show(wanted());
  system.addEventListener("change", () => show(wanted()));
  addEventListener("storage", (event) => event.key === NAME && show(wanted()));
  addEventListener("DOMContentLoaded", () => {
    show(wanted());
    document.getElementById("theme").addEventListener("click", () => {
      const theme = root.dataset.theme === "dark" ? "light" : "dark";
      // Who goes back to what the system has follows the system again.
      keep(theme === ofSystem() ? null : theme);
      show(theme);
    });
  });
})();
