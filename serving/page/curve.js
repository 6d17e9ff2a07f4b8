/** What happens to a prediction as one input is changed and the others stay. */

import { draw, make } from './dom.js';
import { number, percent, ticks, withUnit } from './text.js';

const POINTS = 41;
const HEIGHT = 220;
const EDGE = { top: 14, right: 16, bottom: 34, left: 50 };
const LISTED = 8;

/** Return the values of a field that a curve goes over. */
export function valuesOf(field) {
  if (field.choices) {
    const values = field.choices.map((c) => c.value).slice(0, LISTED);
    if (field.value !== null && !values.includes(field.value)) values.push(field.value);
    return field.input.required ? values : [...values, null];
  }
  if (!field.span) return [];
  const { low, high } = field.span;
  const count = field.input.range?.whole ? Math.min(POINTS, high - low + 1) : POINTS;
  const spaced = Array.from({ length: count }, (_, i) => low + (i / (count - 1)) * (high - low));
  return [...new Set(field.input.range?.whole ? spaced.map(Math.round) : spaced)];
}

/**
 * A chart of values against predictions.
 *
 * A person can pick a value in it: by the pointer in a line, by buttons among bars. The form's own
 * controls do the same from the keyboard.
 */
export class Curve {
  constructor(place, fields, chosen) {
    this.place = place;
    this.select = make('select', { id: 'curve-of', onchange: () => chosen(this.select.value) });
    for (const field of fields)
      this.select.append(make('option', { value: field.name }, field.title));
    this.title = make(
      'h2',
      { id: 'curve-title' },
      make('label', { for: 'curve-of' }, 'As '),
      this.select,
      ' changes',
    );
    this.reading = make('p', { class: 'reading', 'aria-hidden': 'true' });
    this.chart = make('div', { class: 'chart' });
    place.replaceChildren(
      make('div', { class: 'curve-head' }, this.title, this.reading),
      this.chart,
    );
    new ResizeObserver(() => this.data && this.redraw()).observe(this.chart);
  }

  /**
   * Show predictions over the values of a field.
   *
   * @param {object} data `field`, `values`, `results` (a number each), `now` (the result at the
   *   field's own value), `isShare`, `unit`, `what` the results are, `of` which class they are the
   *   shares (null: none), `span` (the least that the axis goes over)
   */
  show(data) {
    this.data = data;
    this.place.hidden = data.values.length < 2;
    this.select.value = data.field.name;
    if (!this.place.hidden) this.redraw();
  }

  redraw() {
    const { field } = this.data;
    this.read(field.value, this.data.now);
    this.chart.replaceChildren(field.choices ? this.bars() : this.line());
  }

  read(value, result) {
    const { field, of } = this.data;
    this.reading.textContent = `${of ? `${of} ` : ''}${this.text(result)} at ${field.text(value)}`;
  }

  text(result) {
    return this.data.isShare ? percent(result) : withUnit(number(result), this.data.unit);
  }

  bars() {
    const { field, values, results, now, isShare } = this.data;
    const high = Math.max(...results, 0);
    const low = Math.min(...results, 0);
    const width = (v) => (isShare ? v : Math.abs(v) / (high - low || 1)) * 100;
    const rows = values.map((value, i) => {
      const isNow = value === field.value;
      const fill = make('span', { class: 'fill' });
      fill.style.width = `${width(results[i])}%`;
      const differs = results[i] - now;
      const sign = differs >= 0 ? '+' : '−';
      const size = isShare
        ? `${(100 * Math.abs(differs)).toFixed(1)} pt`
        : number(Math.abs(differs));
      return make(
        'li',
        {},
        make(
          'button',
          {
            type: 'button',
            'aria-pressed': String(isNow),
            onclick: () => field.put(value),
          },
          make('span', { class: 'class' }, field.text(value)),
          make('span', { class: 'rail' }, fill),
          make('span', { class: 'differs' }, isNow ? '' : `${sign}${size}`),
          make('span', { class: 'share' }, this.text(results[i])),
        ),
      );
    });
    return make('ul', { class: 'bars pick' }, ...rows);
  }

  line() {
    const { field, values, results, now, what } = this.data;
    const width = Math.max(240, this.chart.clientWidth);
    const [low, high] = this.extent();
    const { left, right, top, bottom } = EDGE;
    const ends = [values[0], values.at(-1)];
    const x = (v) => left + ((v - ends[0]) / (ends[1] - ends[0])) * (width - left - right);
    const y = (v) => HEIGHT - bottom - ((v - low) / (high - low)) * (HEIGHT - top - bottom);
    const svg = draw('svg', {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      width,
      height: HEIGHT,
      role: 'img',
      'aria-label':
        `${what}: ${this.text(results[0])} at ${field.text(values[0])}, ` +
        `${this.text(results.at(-1))} at ${field.text(values.at(-1))}`,
    });
    for (const tick of ticks(low, high, 4)) {
      svg.append(
        draw('line', { class: 'grid', x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
      );
      const text = this.data.isShare ? `${number(100 * tick)} %` : number(tick);
      svg.append(
        draw('text', { class: 'tick', x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, text),
      );
    }
    for (const tick of ticks(ends[0], ends[1], width / 64)) {
      svg.append(
        draw(
          'text',
          { class: 'tick', x: x(tick), y: HEIGHT - 12, 'text-anchor': 'middle' },
          number(tick),
        ),
      );
    }
    const points = values.map((v, i) => `${x(v).toFixed(1)},${y(results[i]).toFixed(1)}`);
    const floor = HEIGHT - bottom;
    svg.append(
      draw('polygon', {
        class: 'area',
        points: `${x(ends[0])},${floor} ${points.join(' ')} ${x(ends[1])},${floor}`,
      }),
      draw('polyline', { class: 'line', points: points.join(' ') }),
    );
    if (field.value !== null && field.value >= ends[0] && field.value <= ends[1]) {
      svg.append(
        draw('line', { class: 'now', x1: x(field.value), x2: x(field.value), y1: top, y2: floor }),
        draw('circle', { class: 'dot', cx: x(field.value), cy: y(now), r: 6 }),
      );
    }
    this.follow(svg, x, y, width);
    return svg;
  }

  /** Let the pointer read the line, and a press or a drag choose the value under it. */
  follow(svg, x, y, width) {
    const { field, values, results, now } = this.data;
    const pointer = draw('circle', { class: 'pointer', r: 5, visibility: 'hidden' });
    svg.append(pointer);
    const nearest = (event) => {
      const at = ((event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth) * width;
      return values.reduce(
        (best, v, i) => (Math.abs(x(v) - at) < Math.abs(x(values[best]) - at) ? i : best),
        0,
      );
    };
    svg.addEventListener('pointermove', (event) => {
      const i = nearest(event);
      pointer.setAttribute('cx', x(values[i]));
      pointer.setAttribute('cy', y(results[i]));
      pointer.setAttribute('visibility', 'visible');
      this.read(values[i], results[i]);
    });
    svg.addEventListener('pointerleave', () => {
      pointer.setAttribute('visibility', 'hidden');
      this.read(field.value, now);
    });
    svg.addEventListener('click', (event) => {
      const value = values[nearest(event)];
      field.put(field.input.range?.whole ? value : Number(value.toPrecision(4)));
    });
  }

  /** Return the ends of the vertical axis; differences too small to matter look small. */
  extent() {
    const { results, now, isShare, span } = this.data;
    const low = Math.min(...results, now);
    const high = Math.max(...results, now);
    if (isShare) return [0, high > 0.5 ? 1 : Math.max(0.05, high * 1.15)];
    const least = Math.max(span ?? 0, Math.abs(high) * 1e-3, 1e-9);
    const pad = Math.max(0.12 * (high - low), (least - (high - low)) / 2);
    const floor = low >= 0 ? Math.max(0, low - pad) : low - pad;
    return [floor, high + pad];
  }
}
