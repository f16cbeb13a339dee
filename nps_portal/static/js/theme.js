// Runs in the head, before the first paint: a page that turned dark a moment later would flash.
// Without a stored choice nothing is set, and the style sheet follows the system.
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") {
      document.documentElement.dataset.bsTheme = chosen;
    }
  } catch {
    // Storage may be forbidden; the system's theme is a good answer then.
  }
})();
