// Copies the field's text at a click; without this script a person marks and copies it by hand.

const SHOWN_FOR = 2500;

async function copied(field) {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Pages that are not encrypted have no clipboard, but what is marked can still be copied.
    return document.execCommand("copy");
  }
}

export function attach(box) {
  const field = box.querySelector("textarea");
  const button = box.querySelector("button");
  const status = box.querySelector("[role=status]");
  const label = button.lastChild;
  const words = label.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const said = (await copied(field)) ? "Copied" : "Marked";
    label.textContent = said;
    status.textContent = said;
    setTimeout(() => {
      label.textContent = words;
      status.textContent = "";
    }, SHOWN_FOR);
  });
}
