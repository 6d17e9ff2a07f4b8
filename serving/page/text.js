/** Numbers and names as people read them. */

const plain = new Intl.NumberFormat('en', { maximumSignificantDigits: 4 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

/** Return a number with four digits; whole ones whole. */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return 'not a number';
  if (Number.isInteger(value)) return whole.format(value);
  const size = Math.abs(value);
  return size >= 1e9 || (size > 0 && size < 1e-4) ? value.toPrecision(4) : plain.format(value);
}

/** Return a share of one in percent, never rounded to a certainty that it is not. */
export function percent(share) {
  if (share > 0 && share < 0.001) return '< 0.1 %';
  if (share < 1 && share > 0.999) return '> 99.9 %';
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

/** Return a column's name as a title: `mother_age` becomes Mother age. */
export function title(name) {
  const words = name.replace(/[_\s-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Return a value with its unit. */
export function withUnit(text, unit) {
  return unit ? `${text} ${unit}` : text;
}

/** Return a day: 24 Nov 2026. */
export function day(iso) {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? '' : date.format(at);
}

/** Return about `count` round numbers between two. */
export function ticks(low, high, count) {
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) {
    found.push(Number((n * step).toPrecision(12)));
  }
  return found;
}
