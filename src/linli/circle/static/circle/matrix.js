/* A table of cells: a click opens one, arrow keys go from cell to cell, Enter opens. Heads and rows are links without it. */
const table = document.querySelector("table.grid[data-cells]");
const cells = table ? [...table.querySelectorAll("td.x")] : [];
const wide = table && table.tBodies[0].rows.length ? table.tBodies[0].rows[0].querySelectorAll("td.x").length : 1;

function open(cell) {
  const place = cell.parentElement.dataset.c;
  location.href = `${table.dataset.cells}${cell.dataset.i}/${place}/?${table.dataset.query}`;
}

function turn(to, from) {
  from?.setAttribute("tabindex", "-1");
  to.setAttribute("tabindex", "0");
  to.focus();
}

if (cells.length && !cells[0].querySelector("a")) {
  cells[0].setAttribute("tabindex", "0");
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td.x");
    if (cell && !getSelection().toString()) open(cell);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td.x");
    if (!cell) return;
    const at = cells.indexOf(cell);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[event.key];
    if (event.key === "Enter") open(cell);
    else if (step && cells[at + step]) {
      event.preventDefault();
      turn(cells[at + step], cell);
    }
  });
}
