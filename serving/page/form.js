/** A form made from a model's description: one field per input, each of which can be missing. */

import { draw, make } from './dom.js';
import { number, title, withUnit } from './text.js';

const SEGMENTS = 5;
const LONGEST_SEGMENTS = 34;
const MISSING = '\u0000missing';
const OTHER = '\u0000other';

/**
 * One input of the model.
 *
 * `value` is what is sent: a number, a text, or null for missing. `choices` are the values of a
 * category, `[{value, text}]`; without them it is a number, or a text of any kind.
 */
class Field {
  constructor(input, changed) {
    this.input = input;
    this.name = input.name;
    this.title = title(input.name);
    this.choices = choicesOf(input);
    this.isNumber = input.type !== 'string';
    this.span = this.isNumber && !this.choices ? spanOf(input) : null;
    this.value = typical(input, this.choices);
    this.changed = changed;
    this.id = `in-${input.name.replace(/[^\w-]/g, '_')}`;
  }

  /** Show another value without telling anyone. */
  set(value) {
    this.value = value ?? null;
    this.show();
    this.element.classList.toggle('is-missing', this.value === null);
    this.missing?.setAttribute('aria-pressed', String(this.value === null));
  }

  /** Return a value as people read it. */
  text(value) {
    if (value === null) return 'missing';
    const choice = this.choices?.find((c) => c.value === value);
    const text = choice?.text ?? (typeof value === 'number' ? number(value) : value);
    return withUnit(text, this.input.unit);
  }

  put(value) {
    if (value !== null) this.last = value;
    this.set(value);
    this.changed(this);
  }

  frame(control, labelled) {
    const label = make(labelled ? 'label' : 'span', { class: 'name', id: `${this.id}-name` });
    if (labelled) label.htmlFor = this.id;
    label.append(this.title);
    if (this.input.unit) label.append(make('span', { class: 'unit' }, ` ${this.input.unit}`));
    if (!this.input.required) this.missing = this.missingButton();
    const head = make('div', { class: 'head' }, label, this.missing ?? null);
    this.element = make(
      'div',
      { class: 'field', onfocusin: () => this.focused?.(this), 'data-name': this.name },
      head,
      control,
    );
    return this.element;
  }

  missingButton() {
    return make(
      'button',
      {
        type: 'button',
        class: 'missing',
        'aria-pressed': 'false',
        'aria-label': `${this.title}: missing`,
        title: 'Leave this out, as a row without the value does',
        onclick: () => {
          const back = this.last ?? typical(this.input, this.choices);
          this.put(this.value === null ? back : null);
        },
      },
      'missing',
    );
  }
}

/** A number: a box for any value, and a slider over the usual ones. */
class NumberField extends Field {
  build() {
    const { low, high, step } = this.span;
    this.box = make('input', {
      id: this.id,
      type: 'number',
      step: this.input.type === 'integer' ? 1 : 'any',
      inputmode: this.input.type === 'integer' && low >= 0 ? 'numeric' : 'decimal',
      placeholder: 'missing',
      oninput: () => {
        const value = this.box.value === '' ? null : Number(this.box.value);
        if (!this.box.validity.badInput) this.put(value);
      },
    });
    this.slider = make('input', {
      type: 'range',
      min: low,
      max: high,
      step,
      'aria-label': this.title,
      oninput: () => this.put(rounded(Number(this.slider.value), step)),
    });
    const ends = make(
      'div',
      { class: 'ends', 'aria-hidden': 'true' },
      make('span', {}, number(low)),
      make('span', {}, number(high)),
    );
    const track = make('div', { class: 'track' }, this.slider, ends);
    return this.frame(make('div', { class: 'numeric' }, track, this.box), true);
  }

  show() {
    const { low, high } = this.span;
    const shown = this.value ?? this.last ?? (low + high) / 2;
    if (document.activeElement !== this.box || Number(this.box.value) !== this.value) {
      this.box.value = this.value ?? '';
    }
    this.slider.value = shown;
    const at = (Math.min(high, Math.max(low, shown)) - low) / (high - low || 1);
    this.slider.style.setProperty('--at', `${100 * at}%`);
    this.slider.setAttribute('aria-valuetext', this.text(this.value));
  }
}

/** A category of a few short values, side by side. */
class SegmentField extends Field {
  build() {
    this.radios = this.choices.map(({ value, text }, i) =>
      make('input', {
        type: 'radio',
        name: this.id,
        id: `${this.id}-${i}`,
        onchange: () => this.put(value),
      }),
    );
    const segments = this.radios.flatMap((radio, i) => [
      radio,
      make('label', { for: radio.id }, this.choices[i].text),
    ]);
    const attributes = {
      class: 'segments',
      role: 'radiogroup',
      'aria-labelledby': `${this.id}-name`,
    };
    return this.frame(make('div', attributes, ...segments), false);
  }

  show() {
    this.radios.forEach((radio, i) => {
      radio.checked = this.choices[i].value === this.value;
    });
  }
}

/** A category of many values; one that is not listed can be written. */
class SelectField extends Field {
  build() {
    this.list = make('select', { id: this.id, onchange: () => this.choose() });
    for (const { value, text } of this.choices) {
      this.list.append(make('option', { value: JSON.stringify(value) }, text));
    }
    this.list.append(make('option', { value: MISSING, hidden: true }, 'missing'));
    if (!this.input.complete) this.list.append(make('option', { value: OTHER }, 'Another …'));
    this.other = make('input', {
      type: this.isNumber ? 'number' : 'text',
      hidden: true,
      'aria-label': `${this.title}: another value`,
      placeholder: 'Any value',
      oninput: () => this.put(read(this.other.value, this.isNumber)),
    });
    const arrow = draw(
      'svg',
      { viewBox: '0 0 12 12', class: 'arrow', 'aria-hidden': 'true' },
      draw('path', { d: 'M2.5 4.5 6 8l3.5-3.5' }),
    );
    const control = make('div', { class: 'select' }, this.list, arrow);
    return this.frame(make('div', { class: 'selecting' }, control, this.other), true);
  }

  choose() {
    if (this.list.value !== OTHER) {
      this.put(JSON.parse(this.list.value));
      return;
    }
    this.other.hidden = false;
    this.other.value = '';
    this.other.focus();
  }

  show() {
    const known = this.choices.some((c) => c.value === this.value);
    if (known || this.value === null) {
      this.list.value = this.value === null ? MISSING : JSON.stringify(this.value);
      if (document.activeElement !== this.other) this.other.hidden = true;
      return;
    }
    this.list.value = OTHER;
    this.other.hidden = false;
    if (read(this.other.value, this.isNumber) !== this.value) this.other.value = this.value;
  }
}

/** A text of which nothing is known, or a date. */
class TextField extends Field {
  build() {
    this.box = make('input', {
      id: this.id,
      type: 'text',
      placeholder: 'missing',
      autocomplete: 'off',
      oninput: () => this.put(this.box.value === '' ? null : this.box.value),
    });
    return this.frame(this.box, true);
  }

  show() {
    if (this.box.value !== (this.value ?? '')) this.box.value = this.value ?? '';
  }
}

/**
 * Build the fields of a model.
 *
 * @param {object} description the model's
 * @param {(field: Field) => void} changed is told of each change a person makes
 * @param {(field: Field) => void} focused is told which field a person is at
 */
export function fields(description, changed, focused) {
  const first = description.examples.map((example) => example.inputs);
  return description.inputs.map((input) => {
    const field = new (kindOf(input))(input, changed);
    if (field.value === null && !input.range && first.length) field.value = first[0][input.name];
    field.focused = focused;
    field.build();
    field.set(field.value);
    field.last = field.value ?? undefined;
    return field;
  });
}

function kindOf(input) {
  const choices = choicesOf(input);
  if (choices) {
    const long = choices.reduce((sum, c) => sum + c.text.length + 3, 0);
    const fits = choices.length <= SEGMENTS && long <= LONGEST_SEGMENTS;
    return fits && (input.complete || input.type !== 'string') ? SegmentField : SelectField;
  }
  return input.type === 'string' ? TextField : NumberField;
}

/** Return the values of a category; null if it is none. */
function choicesOf(input) {
  if (!input.values?.length) return null;
  const { range } = input;
  let values = input.values.map((v) => v.value);
  if (range) {
    // The rare ones between the ends are left out of the list, and belong on the form.
    const all = range.max - range.min < 12 ? steps(range.min, range.max) : values;
    values = [...new Set([...values, ...all])].sort((a, b) => a - b);
    if (values.length === 2 && values[0] === 0 && values[1] === 1) {
      return [
        { value: 0, text: 'No' },
        { value: 1, text: 'Yes' },
      ];
    }
  }
  return values.map((value) => ({ value, text: String(value) }));
}

function steps(low, high) {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

/** Return what a number's slider goes over: all values, or without the far ones. */
function spanOf({ range, type }) {
  if (!range) return { low: 0, high: 100, step: type === 'integer' ? 1 : 'any' };
  const usual = range.high - range.low || 1;
  const all = range.max - range.min;
  const isWide = all > 3 * usual;
  let low = isWide ? range.low : range.min;
  let high = isWide ? range.high : range.max;
  if (low === high) [low, high] = range.whole ? [low - 1, high + 1] : [low - 0.5, high + 0.5];
  if (range.whole) return { low: Math.floor(low), high: Math.ceil(high), step: 1 };
  const step = 10 ** Math.floor(Math.log10((high - low) / 200));
  return { low: rounded(low, step), high: rounded(high, step), step };
}

function rounded(value, step) {
  return step === 'any' ? value : Number((Math.round(value / step) * step).toPrecision(12));
}

/** Return a value that most rows have, or one amid them. */
function typical(input, choices) {
  if (choices) return input.values[0].value;
  return input.range?.median ?? null;
}

function read(text, isNumber) {
  if (text === '') return null;
  return isNumber ? Number(text) : text;
}
