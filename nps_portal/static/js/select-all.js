// Ticks every row of the table that a head's tick box stands over.

export function attach(box) {
  const table = box.closest("table");
  const rows = [...table.querySelectorAll(`tbody input[name="${box.dataset.name}"]`)];
  const show = () => {
    const ticked = rows.filter((row) => row.checked).length;
    box.checked = rows.length > 0 && ticked === rows.length;
    box.indeterminate = ticked > 0 && ticked < rows.length;
  };
  box.hidden = false;
  show();
  box.addEventListener("change", () => {
    for (const row of rows) row.checked = box.checked;
  });
  table.addEventListener("change", (event) => {
    if (event.target !== box) show();
  });
}
