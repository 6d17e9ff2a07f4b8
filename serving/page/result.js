/** What a model says of one row: a number on its scale, or classes by probability. */

import { draw, make } from './dom.js';
import { number, percent, title } from './text.js';

const SHOWN = 6;

/**
 * Return the parts of a prediction by role, whatever the model calls its outputs.
 *
 * @returns {{value: ?number, classes: {name: string, share: number}[], best: ?string}}
 *   a number, or classes, the likeliest first
 */
export function outcome(prediction) {
  const names = flat(prediction.top_classes ?? prediction.classes);
  const shares = flat(prediction.top_probabilities ?? prediction.probabilities);
  if (names.length && shares.length === names.length) {
    const classes = names.map((name, i) => ({ name: String(name), share: shares[i] }));
    classes.sort((a, b) => b.share - a.share);
    return { value: null, classes, best: classes[0].name };
  }
  const first = flat(prediction.prediction ?? Object.values(prediction)[0])[0];
  return { value: typeof first === 'number' ? first : null, classes: [], best: null };
}

/** Show a number, large, and where it lies among the labels that the model learnt from. */
export function showNumber(place, value, label, actual) {
  const scale = label.range ? onScale(value, label.range, actual) : null;
  fill(
    place,
    make('p', { class: 'lead' }, title(label.name)),
    make(
      'p',
      { class: 'large' },
      number(value),
      label.unit ? make('span', {}, ` ${label.unit}`) : null,
    ),
    scale,
    inTheData(actual === null ? null : `${number(actual)} ${label.unit ?? ''}`),
  );
}

/** Show the likeliest class, large, and bars for it and others. */
export function showClasses(place, classes, label, actual) {
  const rest = classes.length - SHOWN;
  const best = Math.max(...classes.map((c) => c.share));
  const shown = classes.slice(0, rest === 1 ? SHOWN + 1 : SHOWN);
  const isShown = shown.some((c) => c.name === actual);
  const bars = shown.map((c) => bar(c, c.share === best, actual));
  const more =
    rest > 1
      ? make(
          'details',
          { class: 'rest' },
          make('summary', {}, `${rest} more`),
          make('ol', { class: 'bars' }, ...classes.slice(SHOWN).map((c) => bar(c, false, actual))),
        )
      : null;
  if (more && place.querySelector('details.rest')?.open) more.open = true;
  fill(
    place,
    make('p', { class: 'lead' }, title(label.name)),
    make(
      'p',
      { class: 'large' },
      classes[0].name,
      make('span', {}, ` ${percent(classes[0].share)}`),
    ),
    make('ol', { class: 'bars' }, ...bars),
    more,
    isShown ? null : inTheData(actual),
  );
}

/** Return a prediction in words, for those who don't see it. */
export function spoken(found, label) {
  if (found.best !== null)
    return `${title(label.name)}: ${found.best}, ${percent(found.classes[0].share)}`;
  return `${title(label.name)}: ${number(found.value)} ${label.unit ?? ''}`;
}

function fill(place, ...parts) {
  place.replaceChildren(...parts.filter((part) => part !== null));
}

function bar({ name, share }, isBest, actual) {
  const length = make('span', { class: 'fill' });
  length.style.width = `${100 * share}%`;
  return make(
    'li',
    { class: isBest ? 'best' : '' },
    make(
      'span',
      { class: 'class' },
      name,
      name === actual ? make('span', { class: 'true' }, ' · in the data') : null,
    ),
    make('span', { class: 'share' }, percent(share)),
    make('span', { class: 'rail' }, length),
  );
}

function inTheData(text) {
  return text === null || text === undefined
    ? null
    : make(
        'p',
        { class: 'actual' },
        draw(
          'svg',
          { viewBox: '0 0 12 12', 'aria-hidden': 'true' },
          draw('path', { d: 'M6 1.5 10.5 6 6 10.5 1.5 6Z' }),
        ),
        'In the data: ',
        make('b', {}, text.trim()),
      );
}

/** Draw where a number lies between those that all but one in a hundred labels lie between. */
function onScale(value, range, actual) {
  const at = (v) =>
    `${100 * Math.min(1, Math.max(0, (v - range.low) / (range.high - range.low || 1)))}%`;
  const mark = (kind, v) => {
    const element = make('span', { class: kind });
    element.style.left = at(v);
    return element;
  };
  const filled = mark('filled', range.low);
  filled.style.width = at(value);
  return make(
    'div',
    { class: 'scale', 'aria-hidden': 'true' },
    make(
      'div',
      { class: 'rail' },
      filled,
      mark('median', range.median),
      actual === null ? null : mark('truth', actual),
      mark('thumb', value),
    ),
    make(
      'div',
      { class: 'ends' },
      make('span', {}, number(range.low)),
      make('span', {}, `half are below ${number(range.median)}`),
      make('span', {}, number(range.high)),
    ),
  );
}

function flat(values) {
  return values === undefined || values === null ? [] : [values].flat(3);
}
