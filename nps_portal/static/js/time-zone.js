// Offers the browser's own time zone as a suggestion; only a press of the button takes it.

export function attach(box) {
  const select = box.querySelector("select");
  const button = box.querySelector("button");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const isKnown = [...select.options].some((option) => option.value === zone);
  const show = () => {
    button.hidden = !isKnown || select.disabled || select.value === zone;
  };
  button.lastChild.textContent = `Use ${zone}, the zone of this browser`;
  show();
  select.addEventListener("change", show);
  button.addEventListener("click", () => {
    select.value = zone;
    select.focus();
    show();
  });
}
