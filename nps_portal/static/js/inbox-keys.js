// Keys for a list of rows: j and k go down and up, o opens, e takes the row's main act, / searches.

const TYPING = "input, textarea, select, [contenteditable]";

export function attach(list) {
  const rows = [...list.querySelectorAll("tbody tr, [data-row]")];
  let place = -1;

  function go(step) {
    if (rows.length === 0) return;
    rows[place]?.classList.remove("is-at");
    place = Math.min(Math.max(place + step, 0), rows.length - 1);
    rows[place].classList.add("is-at");
    rows[place].scrollIntoView({ block: "nearest" });
    rows[place].querySelector("a, button, input")?.focus({ preventScroll: true });
  }

  const acts = {
    j: () => go(1),
    k: () => go(-1),
    o: () => rows[place]?.querySelector("a[href]")?.click(),
    e: () => rows[place]?.querySelector("[data-key='e']")?.click(),
    "/": () => document.querySelector("input[type='search']")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.closest(TYPING) && event.target.type !== "checkbox";
    if (isTyping || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    act();
  });
}
