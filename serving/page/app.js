/** The page: one model at a time, what goes into it and what comes out. */

import { about, models, path, predict, Refusal, token } from './api.js';
import { Curve, valuesOf } from './curve.js';
import { byId, make } from './dom.js';
import { fields } from './form.js';
import { PictureInput } from './picture.js';
import { outcome, showClasses, showNumber, spoken } from './result.js';
import { day, number, title, withUnit } from './text.js';

const PAUSE = 40;
const SPOKEN_AFTER = 700;

let model = null;

start();

async function start() {
  try {
    const listed = await models();
    if (!listed.length) throw new Refusal('No model is loaded yet.');
    pickers(listed.map((m) => m.name));
  } catch (error) {
    tell(error);
  }
}

function pickers(names) {
  const picker = byId('picker');
  picker.replaceChildren(...names.map((name) => make('option', { value: name }, name)));
  picker.closest('label').hidden = names.length < 2;
  picker.addEventListener('change', () => {
    location.hash = encodeURIComponent(picker.value);
  });
  const fromAddress = () => {
    const named = decodeURIComponent(location.hash.slice(1));
    open(names.includes(named) ? named : names[0]).catch(tell);
  };
  addEventListener('hashchange', fromAddress);
  fromAddress();
}

async function open(name) {
  model?.close();
  byId('picker').value = name;
  const listed = await about(name);
  if (byId('picker').value !== name) return;
  const { description } = listed;
  document.title = `${listed.name} · Sluice`;
  byId('title').textContent = title(listed.name);
  byId('about').textContent = description.about ?? '';
  facts(listed);
  tell(null);
  for (const id of ['examples', 'form', 'result', 'curve']) byId(id).replaceChildren();
  byId('curve').hidden = true;
  byId('columns').hidden = false;
  byId('call').hidden = false;
  document.body.dataset.input = description.input;
  document.body.dataset.task = description.task ?? '';
  model = description.input === 'picture' ? new PictureModel(listed) : new TableModel(listed);
}

function facts({ version, description, evaluation }) {
  const found = [make('span', {}, 'version ', make('b', {}, String(version)))];
  if (evaluation) {
    const { metric, value, split, rows } = evaluation;
    const inUnits = ['rmse', 'mae'].includes(metric) ? description.label?.unit : null;
    found.push(make('span', {}, 'blessed ', make('b', {}, day(evaluation.blessed_at))));
    found.push(
      make(
        'span',
        {},
        `${metric} `,
        make('b', {}, withUnit(number(value), inUnits)),
        ` on ${number(rows)} ${split} rows`,
      ),
    );
  }
  byId('facts').replaceChildren(...found);
}

/** Asks for predictions: the newest question only, and not more often than it is answered. */
class Asker {
  constructor({ name, version }, answered) {
    this.name = name;
    this.version = String(version);
    this.answered = answered;
    this.controller = new AbortController();
    this.busy = false;
    this.waiting = null;
  }

  ask(question) {
    this.waiting = question;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.next(), PAUSE);
  }

  async next() {
    if (this.busy || !this.waiting) return;
    const question = this.waiting;
    this.waiting = null;
    this.busy = true;
    try {
      const { predictions, version } = await predict(
        this.name,
        question.instances,
        this.controller.signal,
      );
      tell(null);
      if (version && version !== this.version) this.swapped(version);
      this.answered(question, predictions.map(outcome));
    } catch (error) {
      if (error.name !== 'AbortError') tell(error);
    } finally {
      this.busy = false;
    }
    if (this.waiting) this.next();
  }

  /** Tell of a newer version, which answers from now on. */
  async swapped(version) {
    this.version = version;
    facts(await about(this.name));
  }

  close() {
    clearTimeout(this.timer);
    this.waiting = null;
    this.controller.abort();
  }
}

class TableModel {
  constructor(listed) {
    const { name, description } = listed;
    this.name = name;
    this.description = description;
    this.example = null;
    this.asker = new Asker(listed, (question, answers) => this.show(question, answers));
    this.fields = fields(
      description,
      (field) => this.changed(field),
      (field) => this.look(field),
    );
    byId('form').replaceChildren(...this.fields.map((field) => field.element));
    byId('examples').replaceChildren(...this.exampleButtons());
    this.looked = this.fields.find((f) => f.span) ?? this.fields[0];
    this.curve = new Curve(
      byId('curve'),
      this.fields.filter((f) => valuesOf(f).length),
      (chosen) => {
        this.look(this.fields.find((f) => f.name === chosen));
      },
    );
    this.look(this.looked);
    this.ask();
  }

  close() {
    this.asker.close();
  }

  exampleButtons() {
    const { examples, label } = this.description;
    if (!examples.length) return [];
    this.buttons = examples.map((example) =>
      make(
        'button',
        {
          type: 'button',
          class: 'chip',
          'aria-pressed': 'false',
          title: Object.entries(example.inputs)
            .map(([k, v]) => `${k}: ${v ?? 'missing'}`)
            .join('\n'),
          onclick: () => this.fill(example),
        },
        typeof example.label === 'number'
          ? withUnit(number(example.label), label.unit)
          : String(example.label),
      ),
    );
    return [
      make('span', { class: 'about', id: 'examples-of' }, 'Rows of the data'),
      make(
        'div',
        { class: 'chips', role: 'group', 'aria-labelledby': 'examples-of' },
        ...this.buttons,
      ),
    ];
  }

  fill(example) {
    for (const field of this.fields) field.set(example.inputs[field.name]);
    this.mark(example);
    this.ask();
  }

  mark(example) {
    this.example = example;
    this.buttons?.forEach((button, i) => {
      button.setAttribute('aria-pressed', String(this.description.examples[i] === example));
    });
  }

  changed(field) {
    this.mark(null);
    this.look(field);
    this.ask();
  }

  /** Draw the curve of another field. */
  look(field) {
    if (!valuesOf(field).length) return;
    const isOther = field !== this.looked;
    this.looked = field;
    for (const f of this.fields) f.element.classList.toggle('is-looked-at', f === field);
    if (isOther) this.ask();
  }

  ask() {
    const row = Object.fromEntries(this.fields.map((f) => [f.name, f.value]));
    const values = valuesOf(this.looked);
    const others = values.map((value) => ({ ...row, [this.looked.name]: value }));
    this.asker.ask({
      instances: [row, ...others],
      values,
      field: this.looked,
      example: this.example,
    });
    showCommand(this.name, row);
  }

  show({ values, field, example }, [now, ...others]) {
    const { label, classes } = this.description;
    const actual = example?.label ?? null;
    if (now.best === null) showNumber(byId('result'), now.value, label, actual);
    else showClasses(byId('result'), now.classes, label, actual);
    say(spoken(now, label));
    // Of two classes the second is what is asked about; of several, the one that is likeliest now.
    const of = classes?.length === 2 ? classes[1] : now.best;
    const figure = (found) =>
      of === null ? found.value : (found.classes.find((c) => c.name === of)?.share ?? 0);
    this.curve.show({
      field,
      values,
      results: others.map(figure),
      now: figure(now),
      isShare: of !== null,
      unit: label.unit,
      of,
      what: of === null ? title(label.name) : `Probability of ${of}`,
      span: label.range ? (label.range.high - label.range.low) / 10 : null,
    });
  }
}

class PictureModel {
  constructor(listed) {
    const { name, description } = listed;
    this.description = description;
    this.asker = new Asker(listed, ({ picture }, [found]) => {
      showClasses(byId('result'), found.classes, description.label, picture.label);
      say(spoken(found, description.label));
    });
    const input = new PictureInput(
      description,
      (picture) => this.ask(picture),
      (problem) => tell(new Refusal(problem)),
    );
    byId('form').replaceChildren(input.element);
    byId('result').replaceChildren(
      make('p', { class: 'lead' }, title(description.label.name)),
      make('p', { class: 'waiting' }, 'Give it a picture to see what it is.'),
    );
    showCommand(name, { image_bytes: { b64: '…' } });
    input.start();
  }

  close() {
    this.asker.close();
  }

  ask(picture) {
    byId('result').classList.add('is-busy');
    this.asker.ask({ instances: [{ image_bytes: { b64: picture.base64 } }], picture });
  }
}

function tell(error) {
  const notice = byId('notice');
  byId('result').classList.remove('is-busy');
  notice.hidden = error === null;
  notice.textContent =
    error instanceof Refusal ? error.message : error ? `The page failed: ${error.message}` : '';
  if (error && !(error instanceof Refusal)) throw error;
}

let speaking;

/** Say a result once it stands for a moment. */
function say(text) {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    byId('spoken').textContent = text;
  }, SPOKEN_AFTER);
}

function showCommand(name, row) {
  const address = new URL(path(name), document.baseURI);
  const body = JSON.stringify({ instances: [row] }).replaceAll("'", "'\\''");
  const authorized = token() ? ' \\\n  -H "Authorization: Bearer $TOKEN"' : '';
  byId('command').textContent = `curl ${address}${authorized} \\\n  -d '${body}'`;
}

byId('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText(byId('command').textContent);
    byId('copy').textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(byId('command'));
    byId('copy').textContent = 'Selected';
  }
  setTimeout(() => {
    byId('copy').textContent = 'Copy';
  }, 1500);
});
