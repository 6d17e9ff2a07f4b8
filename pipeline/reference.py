"""Writes docs/recipe.md and docs/run-json.md from the types: `python -m pipeline.reference`."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from components.evaluator.settings import CLASS_METRICS, METRICS, Metric
from pipeline import keys
from pipeline.recipe import Recipe, shipped_recipes
from pipeline.records import Run, Step

ROOT = Path(__file__).parent.parent

GENERATED = (
    '<!-- Written by `make docs` from the types. Change those, or pipeline/reference.py. -->'
)

SHORT_FORMS = {
    'features: {sex: categorical}': 'features: {sex: {kind: categorical}}',
    'crosses: [[sex, age]]': 'crosses: [{of: [sex, age]}]',
    'data: {local: {births: births.csv}}': 'data: {local: {births: {path: [births.csv]}}}',
    'data: {split: {by: day}}': 'data: {split: {by: [day]}}',
    'train: {schedule: cosine}': 'train: {schedule: {kind: cosine}}',
    'tune: {space: {dropout: [0.001, 0.5, log]}}': (
        'tune: {space: {dropout: {min: 0.001, max: 0.5, scale: log}}}'
    ),
    'gate: {slices: [{by: sex}]}': 'gate: {slices: [{by: [sex]}]}',
    'gate: {classes: {of: dress, metrics: {f1: {min: 0.5}}}}': (
        'gate: {classes: [{of: [dress], metrics: {f1: {min: 0.5}}}]}'
    ),
}
"""What may be written short, and what it stands for."""

RECIPE_INTRODUCTION = """\
A recipe is one YAML file that says all there is to say about a job: where the rows come from,
what is learnt from them, how, and what a model must reach to be used. The same file runs on
this machine (`sluice run`) and on Vertex (`sluice compile`).

- `sluice init table.csv` writes one, `sluice recipe check` checks it against its types and
  against the columns of its query, and `sluice recipe show` prints it with all defaults.
- `--set key.path=value` changes a key for one run: `--set train.epochs=3`,
  `--set gate.slices.0.min_examples=50` (items of lists are counted from 0). Another kind starts
  from its own defaults: `--set model.kind=linear`.
- A key that is not listed here is an error, and so is a value of another type. The error names
  the line, the key and what is allowed.
- Paths are relative to the folder of the recipe; those of `--set`, to where the command is given.
- `sluice recipe schema` prints the JSON Schema, from which editors complete and check.
"""

RUN_INTRODUCTION = """\
`sluice run RECIPE --json` and `sluice show RUN --json` print one JSON object and nothing else:
the run. `sluice runs --json` prints `{"runs": [...]}`, of such objects, newest first. Each run is
also kept under its id in the store, as `runs/<run>.json`.

Keys are added in later versions; those that are here keep their meaning.
"""

VERDICT = """\
## `verdict.json`

The Evaluator leaves its verdict as `verdict.json` in its `evaluation` artifact. `blessed`,
`reasons`, `notes`, `metrics` and `classes` are those of the run. Beside them it has the whole
confusion matrix.

`confusion` maps each split to the cells that are not 0, by label, then answer. A cell has

- `label`: the class of the rows; null: one that the model does not know,
- `answer`: the class that the model found most likely,
- `candidate`: how many rows of the label got that answer, and
- `baseline`: the same of the last blessed model; null: there was none.

Classes are named, so a baseline that knows them in another order, or others, can be compared. In
TFMA's own results the matrix is the metric `confusion_matrix` of the whole split, by class ids in
the order of `class_names`, with -1 for a label that the model does not know.
"""

EXAMPLE_RUN = Run(
    run='babyweight-20260102-030405',
    recipe='babyweight',
    recipe_file='recipes/babyweight.yaml',
    overrides=['train.epochs=1'],
    task='regression',
    state='done',
    started='2026-01-02T03:04:05Z',
    seconds=61.3,
    blessed=False,
    reasons=[
        {
            'metric': 'rmse',
            'slice': {'plurality': '2'},
            'of_class': None,
            'candidate': 1.74,
            'baseline': 1.41,
            'bound': 1.5,
            'kind': 'max',
            'examples': 312,
            'text': 'rmse on plurality=2 is 1.74, above the max of 1.5 '
            '(312 examples; baseline 1.41)',
        }
    ],
    metrics={
        'test': [
            {
                'slice': {},
                'examples': 4995,
                'metrics': {'rmse': {'candidate': 1.18, 'baseline': 1.05}},
            },
            {
                'slice': {'plurality': '2'},
                'examples': 312,
                'metrics': {'rmse': {'candidate': 1.74, 'baseline': 1.41}},
            },
        ]
    },
    bounds=[{'metric': 'rmse', 'by': ['plurality'], 'min_examples': 100, 'max': 1.5}],
    rows={'train': 40110, 'eval': 4895, 'test': 4995},
    steps=[
        Step(
            name='Trainer',
            state='done',
            seconds=9.8,
            note='1 epoch',
            artifacts={'model': ['.sluice/pipelines/babyweight/Trainer/model/7']},
        )
    ],
    model='.sluice/pipelines/babyweight/Trainer/model/7/Format-Serving',
    log='.sluice/logs/babyweight-20260102-030405.log',
    pid=4711,
)


def pages() -> dict[Path, str]:
    """Return the generated pages, by path from the root of the project."""
    return {Path('docs/recipe.md'): recipe_page(), Path('docs/run-json.md'): run_page()}


def recipe_page() -> str:
    """Return the reference of the recipe, in Markdown."""
    recipe = keys.schema_of(Recipe)
    return '\n'.join(
        [
            '# The recipe\n',
            f'{GENERATED}\n',
            RECIPE_INTRODUCTION,
            '## An example\n',
            f'```yaml\n{shipped_recipes()["babyweight"].read_text(encoding="utf-8")}```\n',
            '## Short forms\n',
            *_table(['Short', 'Long'], [[_code(s), _code(f)] for s, f in SHORT_FORMS.items()]),
            '## All keys\n',
            '`*` stands for any name, or for each item of a list.\n',
            *_keys(recipe),
            *_blocks(recipe),
        ]
    )


def run_page() -> str:
    """Return the reference of a run's JSON, in Markdown."""
    run = keys.schema_of(Run)
    example = EXAMPLE_RUN.model_dump_json(indent=2)
    return '\n'.join(
        [
            '# The JSON of a run\n',
            f'{GENERATED}\n',
            RUN_INTRODUCTION,
            '## Keys\n',
            *_keys(run, defaults=False),
            *_blocks(run, defaults=False),
            VERDICT,
            '## An example\n',
            f'```json\n{example}\n```\n',
        ]
    )


def _blocks(node: keys.Node, defaults: bool = True) -> Iterator[str]:
    """Yield a section for each key with settings below it, in the order of the keys."""
    told: set[str] = set()
    for key, below in node['properties'].items():
        sections = list(_sections((key,), below, told, defaults))
        if sections:
            yield f'## {_code(key)}\n'
            yield f'{below.get("about") or below.get("description", "")}\n'
            yield from sections
        if key == 'gate':
            yield from _metrics()


def _sections(
    path: tuple[str, ...], node: keys.Node, told: set[str], defaults: bool
) -> Iterator[str]:
    """Yield the section of a block, or of each of its kinds, and of the blocks in it, once."""
    blocks = [a for a in keys.alternatives(node) if 'properties' in a]
    for block in blocks:
        if block['title'] in told:
            continue
        told.add(block['title'])
        if len(path) > 1 or len(blocks) > 1:
            about = block.get('about') or block['description']
            kind = f'{_kind(block, about)}' if len(blocks) > 1 else ''
            yield f'### {_code(".".join(path))}{kind}\n'
            yield f'{about}\n'
        yield from _keys(block, defaults)
        for key, below in block['properties'].items():
            yield from _sections((*path, key), below, told, defaults)
    for collection in keys.alternatives(node):
        below = collection.get('items') or collection.get('additionalProperties')
        if 'properties' not in collection and isinstance(below, dict):
            yield from _sections((*path, '*'), below, told, defaults)


def _kind(block: keys.Node, about: str) -> str:
    """Say which of several kinds of settings a block is of."""
    if keys.KEY_OF_VARIANT not in block['properties']:
        return f': {about.splitlines()[0][0].lower()}{about.splitlines()[0][1:].rstrip(".")}'
    return f' of kind {keys.in_words([block["properties"][keys.KEY_OF_VARIANT]], _code)}'


def _keys(block: keys.Node, defaults: bool = True) -> Iterator[str]:
    """Yield the table of a block's keys."""
    head = ['Key', 'Takes', 'Default', 'Meaning'] if defaults else ['Key', 'Value', 'Meaning']
    rows = []
    for key, node in block['properties'].items():
        if 'const' in node:  # the kind, which the heading says
            continue
        about = (node.get('description') or node.get('about', '')).split('\n\n')[0]
        row = [_code(key), keys.in_words(keys.alternatives(node), _code), about]
        if defaults:
            row.insert(2, 'required' if key in block.get('required', ()) else _default(node))
        rows.append(row)
    return _table(head, rows)


def _default(node: keys.Node) -> str:
    if any('properties' in a for a in keys.alternatives(node)) and node.get('default') != []:
        return 'its defaults' if node.get('default') else _code('null')
    empty: Any = [] if node.get('type') == 'array' else {}
    return _code(_flow(node.get('default', empty)))


def _flow(value: Any) -> str:
    """Write a value as YAML does in one line."""
    match value:
        case dict():
            return f'{{{", ".join(f"{k}: {_flow(v)}" for k, v in value.items())}}}'
        case list():
            return f'[{", ".join(map(_flow, value))}]'
        case str():
            return value or "''"
        case _:
            return json.dumps(value)


def _metrics() -> Iterator[str]:
    yield '### Metrics\n'
    yield 'The first of each task is its headline.\n'
    for task, metrics in METRICS.items():
        yield f'#### {task.capitalize()}\n'
        yield from _metrics_table(metrics.values())
    yield '#### By class\n'
    yield 'For `gate.classes`; each class against all others, by the most likely class of a row.\n'
    yield from _metrics_table(CLASS_METRICS.values())


def _metrics_table(metrics: Iterable[Metric]) -> Iterator[str]:
    return _table(
        ['Metric', 'Better', 'Meaning'],
        [
            [_code(m.name), 'higher' if m.higher_is_better else 'lower', m.description]
            for m in metrics
        ],
    )


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    for row in (head, ['---'] * len(head), *rows):
        cells = (' '.join(cell.split()).replace('|', '\\|') for cell in row)
        yield f'| {" | ".join(cells)} |'
    yield ''


def _code(text: str) -> str:
    return f'`{text}`'


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
