"""A whole report.json of each task, made from made-up rows and data."""

import json
from functools import cache
from typing import Any

import numpy as np
import sklearn.metrics as skm

from components.data_gate.column_stats import read_split
from components.evaluator.accumulators import ACCUMULATORS
from components.evaluator.settings import METRICS, Gate
from components.report.gates import gate_rows
from components.report.numbers.binary import binary
from components.report.numbers.features import features
from components.report.numbers.metrics import metrics_by_slice
from components.report.numbers.mistakes import mistakes
from components.report.numbers.multiclass import multiclass
from components.report.numbers.regression import regression
from components.report.numbers.rows import Rows
from components.report.numbers.training import curves, trials
from components.report.numbers.worst_slices import worst_slices
from tests.components.data_gate.tables import statistics
from tests.components.report.tables import CLASSES, rows_for

HEADLINES = {'regression': 'rmse', 'binary': 'auc', 'multiclass': 'accuracy'}
COLUMNS = ['town', 'rooms', 'size']


def verdict_of(rows: Rows, blessed: bool) -> dict[str, Any]:
    """Return what verdict.json says of rows, with a bound that they miss if not blessed."""
    towns = rows.raw.column('town').to_pylist()
    slices: list[tuple[dict[str, str], Any]] = [({}, np.ones(len(rows), bool))]
    slices += [({'town': t}, np.array([x == t for x in towns])) for t in ('Aalen', 'Cork')]
    told: list[dict[str, Any]] = []
    for where, inside in slices:
        by_model = {
            n: ACCUMULATORS[rows.about.task].of(m.labels[inside], m.values[inside]).metrics()
            for n, m in rows.models.items()
        }
        metrics = {
            name: {
                'candidate': by_model['candidate'][name],
                'baseline': by_model.get('baseline', {}).get(name),
            }
            for name in METRICS[rows.about.task]
        }
        told.append({'slice': where, 'examples': int(inside.sum()), 'metrics': metrics})
    name = HEADLINES[rows.about.task]
    reasons = [
        {
            'metric': name, 'slice': {}, 'of_class': None, 'kind': 'min', 'bound': 1e9,
            'candidate': told[0]['metrics'][name]['candidate'], 'examples': len(rows),
            'baseline': told[0]['metrics'][name]['baseline'], 'text': f'{name} is far too low',
        }
    ]  # fmt: skip
    return {
        'blessed': blessed,
        'reasons': [] if blessed else reasons,
        'notes': ['a note'],
        'metrics': {'test': told},
    }


def report_of(task: str, blessed: bool = False, baseline: bool = True) -> dict[str, Any]:
    """Return a report with all that its task has."""
    plain: dict[str, Any] = json.loads(_made(task, blessed, baseline))
    return plain


@cache
def _made(task: str, blessed: bool, baseline: bool) -> str:
    rows = rows_for(task, baseline=baseline)
    gate = Gate.model_validate({'metrics': {HEADLINES[task]: {'min': -1e9 if blessed else 1e9}}})
    verdict = verdict_of(rows, blessed)
    split = read_split('train', statistics(town=['a', 'b', None, 'b'], rooms=[1, 2, 3, 4]))
    shuffled = [
        {'name': c, 'worse': 0.3 - i / 10, 'deviation': 0.01} for i, c in enumerate(COLUMNS)
    ]
    own = {'metric': HEADLINES[task], 'value': 1.0, 'rows': 100, 'repeats': 3, 'left_out': []}
    report: dict[str, Any] = {
        'format': 1,
        'name': 'towns',
        'about': 'which </script><b>town</b>',
        'task': task,
        'label': 'y',
        'unit': 'lb' if task == 'regression' else '',
        'split': 'test',
        'headline': HEADLINES[task],
        'metric_names': {
            m.name: {'higher_is_better': m.higher_is_better, 'description': m.description}
            for m in METRICS[task].values()
        },
        'recipe': {'name': 'towns', 'train': {'epochs': 3}},
        'left_out': {'schema': 'could not be made: ValueError: no'},
        'verdict': {
            'blessed': blessed,
            'has_baseline': baseline,
            'notes': verdict['notes'],
            'gates': gate_rows(gate, verdict, 'test'),
        },
        'kept': {'rows': len(rows), 'of': len(rows), 'classes': list(CLASSES[task])},
        'metrics': metrics_by_slice(verdict['metrics']['test'], rows),
        'changes': [{'key': 'train.epochs', 'before': 3, 'now': 5}] if baseline else None,
        'worst_slices': worst_slices(rows, COLUMNS, 100),
        'importance': {m: {**own, 'columns': shuffled} for m in rows.models},
        'data': features({'train': split, 'eval': split}, [], {'drift': {'town': 0.25}}),
        'anomalies': [
            {'split': 'eval', 'column': 'town', 'severity': 'error', 'what': 'New', 'detail': 'x'}
        ],
        'schema': None,
        'learnt': {
            'vocabularies': [{'name': 'town', 'size': 3, 'head': ['a', 'b']}],
            'buckets': [{'name': 'size', 'edges': [1.0, 2.0, 2.0]}],
        },
        'training': curves({'best_epoch': 2, 'epochs': [_epoch(i) for i in (1, 2, 3)]}),
        'trials': trials(
            [
                {'score': 0.5, 'learning_rate': 1e-4, 'hidden': '[32]'},
                {'score': 0.4, 'learning_rate': 1e-1, 'hidden': '[64, 32]'},
            ],
            ['learning_rate', 'hidden'],
        ),
        'lineage': {'artifacts': {'model': '/somewhere/model'}, 'provenance': {}},
        'mistakes': mistakes(rows, COLUMNS, 12),
    }  # fmt: skip
    if task == 'regression':
        report['regression'] = regression(rows, COLUMNS)
    elif task == 'binary':
        report['binary'] = binary(rows)
    else:
        report['multiclass'] = multiclass(CLASSES[task], _cells(rows), rows)
    return json.dumps(report, allow_nan=False)


def _epoch(number: int) -> dict[str, float]:
    values = {'loss': 1 / number, 'val_loss': 1.1 / number, 'learning_rate': 0.1, 'seconds': 1.0}
    return {'epoch': number, **values}


def _cells(rows: Rows) -> list[dict[str, Any]]:
    names = list(CLASSES['multiclass'])
    matrices = {
        n: skm.confusion_matrix(m.labels, m.values.argmax(1), labels=range(len(names)))
        for n, m in rows.models.items()
    }
    return [
        {
            'label': a,
            'answer': b,
            'candidate': int(matrices['candidate'][i, j]),
            'baseline': int(matrices['baseline'][i, j]) if 'baseline' in matrices else None,
        }
        for i, a in enumerate(names)
        for j, b in enumerate(names)
    ]
