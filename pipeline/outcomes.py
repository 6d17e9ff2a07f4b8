"""What came of a step, from its artifacts into the record of the run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.records import Run, Step
from pipeline.show import short_path
from pipeline.show_classes import largest_confusions
from pipeline.training_record import training_in

SERVING_REPORT = 'serving_gate.json'


@dataclass(frozen=True)
class Output:
    """An artifact that a step made."""

    uri: str
    properties: dict[str, Any]


def collect(record: Run, step: Step, outputs: Mapping[str, Sequence[Output]], summary: str) -> None:
    """Take what came of a step into the record.

    Args:
      record: Of the run.
      step: One of its steps, which has ended well.
      outputs: What it made, on this machine, or what was taken from the cache.
      summary: The last thing that it reported; '' from the cache.
    """
    step.note = summary
    step.artifacts = {key: [o.uri for o in made] for key, made in outputs.items()}
    made = {key: of_key[0] for key, of_key in outputs.items() if of_key}
    match step.name:
        case 'QueryExampleGen':
            record.rows = json.loads(made['examples'].properties.get('rows', '{}'))
            step.note = ' · '.join(f'{k} {n:,}' for k, n in record.rows.items()) + ' rows'
        case 'ImageExampleGen':
            _ingested(record, step, made['examples'].properties)
        case 'PredictionTable':
            if rows := made['predictions'].properties.get('rows'):
                step.note = f'{int(rows):,} rows in {made["predictions"].properties["written_to"]}'
            else:
                step.state, step.note = 'skipped', 'not blessed, so nothing was predicted'
        case 'Trainer':
            record.model = str(Path(made['model'].uri) / 'Format-Serving')
            record.training = training_in(Path(made['model_run'].uri))
            if summary:  # of this run, not from the cache
                step.note = ' · '.join([summary, *record.training.notes])
        case 'Evaluator':
            _judged(record, json.loads((Path(made['evaluation'].uri) / 'verdict.json').read_text()))
            step.note = 'blessed' if record.blessed else 'not blessed'
        case 'ServingGate':
            report = (Path(made['blessing'].uri) / SERVING_REPORT).read_text()
            _served(record, step, json.loads(report))
        case 'Pusher':
            _pushed(record, step, made['pushed_model'].properties)


def _ingested(record: Run, step: Step, properties: dict[str, Any]) -> None:
    record.rows = json.loads(properties['rows'])
    refused = json.loads(properties['refused'])
    counts = [f'{name} {n:,}' for name, n in record.rows.items()]
    step.note = f'{" · ".join(counts)} pictures'
    step.notes = json.loads(properties['notes'])
    if refused['count']:
        step.note += f' · {refused["count"]:,} refused'
        step.notes += [f'refused: {r["uri"]} {r["reason"]}' for r in refused['first']]
        step.notes.append(f'all refused: {step.artifacts["examples"][0]}/{refused["list"]}')


def _judged(record: Run, verdict: dict[str, Any]) -> None:
    record.blessed = verdict['blessed']
    record.reasons = verdict['reasons']
    record.metrics = verdict['metrics']
    record.classes = verdict['classes']
    record.confusions = {
        split: largest_confusions(cells) for split, cells in verdict['confusion'].items()
    }
    record.fairness = verdict['fairness']
    record.notes = verdict['notes']


def _served(record: Run, step: Step, report: dict[str, Any]) -> None:
    """Take ServingGate's verdict into the record: without it a model is not blessed."""
    if report['passed']:
        step.note = f'{report["rows"]} rows over HTTP as evaluated'
    elif not record.blessed:
        step.state, step.note = 'skipped', 'not blessed, so not served'
    else:
        step.note = 'not blessed'
        record.blessed = False
        record.reasons.append(
            {
                'kind': 'serving',
                'metric': None,
                'slice': {},
                'text': f'ServingGate: {report["fault"]}',
            }
        )


def _pushed(record: Run, step: Step, properties: dict[str, Any]) -> None:
    if properties.get('pushed'):
        record.pushed = properties['pushed_destination']
        step.note = short_path(record.pushed)
    elif why := properties.get('not_pushed_because'):
        step.state, step.note = 'skipped', 'not pushed'
        record.notes = [*record.notes, f'not pushed: {why}']
    else:
        step.state, step.note = 'skipped', 'not blessed, so not pushed'
