'use strict';
const report = JSON.parse(document.getElementById('report').textContent);

// Sorting: a button in each head of a sortable table.
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') === 'descending';
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
      const sign = up ? 1 : -1;
      const rows = [...body.rows].map((row) => [keyOf(row.cells[column]), row]);
      rows.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true }));
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// A number where there is one; null sorts last, whichever way.
function keyOf(cell) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  if (text === '' || text === '-') return null;
  const number = Number(text.replaceAll(',', '').replace('%', ''));
  return Number.isNaN(number) ? text : number;
}

// The section that is being read is marked in the navigation.
const links = new Map([...document.querySelectorAll('nav a')].map((a) => [a.hash.slice(1), a]));
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute('aria-current');
    links.get(entry.target.id)?.setAttribute('aria-current', 'true');
  }
}, { rootMargin: '-20% 0px -70% 0px' });
for (const id of links.keys()) seen.observe(document.getElementById(id));

if (report.binary) explore(report.binary);

function explore({ positives, negatives, thresholds }) {
  const id = (name) => document.getElementById(name);
  const models = ['candidate', 'baseline'].filter((m) => thresholds[m]);
  const rows = positives + negatives;
  const format = (x) => (Number.isFinite(x) ? Number(x.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 6 }) : '-');

  const outcome = (model, i) => {
    const tp = thresholds[model].true_positives[i];
    const fp = thresholds[model].false_positives[i];
    const fn = positives - tp;
    const cost = fp * cost_of('cost-fp') + fn * cost_of('cost-fn');
    return {
      'found (true positives)': tp,
      'false alarms': fp,
      'missed (false negatives)': fn,
      precision: tp / (tp + fp),
      recall: tp / positives,
      f1: (2 * tp) / (2 * tp + fp + fn),
      accuracy: (tp + negatives - fp) / rows,
      'cost in all': cost,
      'cost per row': cost / rows,
    };
  };
  const cost_of = (name) => Math.max(0, Number(id(name).value) || 0);

  const show = () => {
    const i = Number(id('threshold').value);
    const costs = models.map((m) => thresholds.at.map((_, k) => outcome(m, k)['cost per row']));
    const top = Math.max(...costs.flat()) || 1;
    const x = (k) => 40 + 3.5 * k;
    models.forEach((m, n) => {
      id(`curve-${m}`).setAttribute('d', 'M' + costs[n].map((c, k) => `${x(k)} ${(150 - 135 * c / top).toFixed(1)}`).join('L'));
    });
    id('curve-at').setAttribute('d', `M${x(i)} 150V12`);
    id('curve-top').textContent = format(top);
    id('at').textContent = thresholds.at[i].toFixed(2);
    const found = models.map((m) => outcome(m, i));
    id('outcome').tBodies[0].replaceChildren(...Object.keys(found[0]).map((name) => {
      const row = document.createElement('tr');
      row.innerHTML = `<th scope="row">${name}</th>` + found.map((f) => `<td>${format(f[name])}</td>`).join('');
      return row;
    }));
    return costs[0];
  };
  for (const name of ['threshold', 'cost-fp', 'cost-fn']) id(name).addEventListener('input', show);
  id('cheapest').addEventListener('click', () => {
    const costs = show();
    id('threshold').value = costs.indexOf(Math.min(...costs));
    show();
  });
  id('explorer').hidden = false;
  show();
}
