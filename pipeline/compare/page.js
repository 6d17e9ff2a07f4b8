'use strict';

// Sorting: a button in each head of a sortable table.
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') === 'descending';
      for (const other of heads) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row.cells[column]), row]);
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const order = typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

// A number where there is one; null sorts last, whichever way.
function keyOf(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  if (text === '' || text === '-') return null;
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

// One metric of the slices at a time.
const choice = document.getElementById('metric');
if (choice) {
  const show = () => {
    for (const row of document.querySelectorAll('.slices tbody tr')) row.hidden = row.dataset.metric !== choice.value;
  };
  choice.addEventListener('change', show);
  show();
}
