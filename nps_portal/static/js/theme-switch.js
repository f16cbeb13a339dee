// Lets a person choose light, dark or the system's colours, and remembers it in this browser.

function stored() {
  return localStorage.getItem("theme") ?? "system";
}

function choose(theme) {
  if (theme === "system") {
    localStorage.removeItem("theme");
    delete document.documentElement.dataset.bsTheme;
  } else {
    localStorage.setItem("theme", theme);
    document.documentElement.dataset.bsTheme = theme;
  }
  document.dispatchEvent(new CustomEvent("theme:chosen"));
}

export function attach(fieldset) {
  const show = () => {
    for (const input of fieldset.querySelectorAll("input")) {
      input.checked = input.value === stored();
    }
  };
  show();
  fieldset.hidden = false;
  fieldset.addEventListener("change", (event) => choose(event.target.value));
  // The side and the bottom bar each have a switch, and both must tell the truth.
  document.addEventListener("theme:chosen", show);
}
