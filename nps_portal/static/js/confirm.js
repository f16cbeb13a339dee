// Opens the form's dialog instead of posting at once; without this script the form simply posts.

export function attach(form) {
  const dialog = form.querySelector("dialog");
  form.querySelector("[data-opens]").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
  });
  form.querySelector("[data-closes]").addEventListener("click", () => dialog.close());
  // A click on the backdrop has the dialog itself as its target.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
