"""All the numbers of a report, section by section."""

import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from components.data_gate.distances import distances
from components.evaluator.settings import METRICS, headline
from components.report.gates import gate_rows
from components.report.learnt import learnt
from components.report.numbers.binary import binary
from components.report.numbers.changes import changes
from components.report.numbers.features import features
from components.report.numbers.importance import importance, order_of
from components.report.numbers.metrics import metrics_by_slice
from components.report.numbers.mistakes import mistakes
from components.report.numbers.multiclass import multiclass
from components.report.numbers.regression import regression
from components.report.numbers.rows import Rows
from components.report.numbers.schema import anomaly_rows, schema_rows
from components.report.numbers.training import curves, trials
from components.report.numbers.worst_slices import worst_slices
from components.report.pictures import with_thumbnails
from components.report.served import Served
from components.report.settings import ReportTerms
from components.report.sources import Sources

FORMAT = 1
"""Version of report.json; what is there keeps its meaning within one."""

LONGEST = 300
"""Characters of an error that the page tells; the log has it whole."""

_log = logging.getLogger(__name__)


def build(sources: Sources, terms: ReportTerms) -> dict[str, Any]:
    """Make all sections.

    Returns:
        What report.json holds; docs/report.md says what each number is. `left_out` says which
        sections could not be made, and why: a report with a hole is better than none.
    """
    report: dict[str, Any] = {
        'format': FORMAT,
        'name': terms.name,
        'about': terms.about,
        'task': terms.task,
        'label': terms.label,
        'unit': terms.unit,
        'split': terms.split,
        'headline': headline(terms.task).name,
        'metric_names': {
            m.name: {'higher_is_better': m.higher_is_better, 'description': m.description}
            for m in METRICS[terms.task].values()
        },
        'recipe': terms.recipe,
        'left_out': {},
    }
    for name, make in _sections(sources, terms, report).items():
        try:
            report[name] = make()
        except Exception as error:
            _log.exception('The report goes without its section %s', name)
            report[name] = None
            report['left_out'][name] = f'could not be made: {_told(error)}'
    return report


def _told(error: Exception) -> str:
    return f'{type(error).__name__}: {error}'.splitlines()[0][:LONGEST]


def _sections(
    sources: Sources, terms: ReportTerms, report: Mapping[str, Any]
) -> dict[str, Callable[[], Any]]:
    """Return what makes each section, in an order in which later ones may use earlier ones."""
    rows, settings = sources.rows, terms.report

    def leading() -> list[str]:
        """Features, those that matter most to the model first."""
        measured = (report.get('importance') or {}).get('candidate') or {}
        return list(dict.fromkeys([*order_of(measured.get('columns', ())), *terms.features]))

    sections: dict[str, Callable[[], Any]] = {
        'verdict': lambda: _verdict(sources, terms),
        'kept': lambda: _kept(rows),
        'metrics': lambda: metrics_by_slice(sources.verdict['metrics'][terms.split], rows),
        'changes': lambda: _changes(sources),
        'importance': lambda: _importance(sources, terms),
        'data': lambda: features(
            sources.statistics, [terms.label, *leading()], _distances(sources)
        ),
        'anomalies': lambda: anomaly_rows(sources.anomalies),
        'schema': lambda: schema_rows(sources.schema),
        'learnt': lambda: learnt(sources.transform_graph, terms.bucketed),
        'training': lambda: curves(sources.history) if sources.history else None,
        'trials': lambda: trials(sources.trials, terms.searched),
        'lineage': lambda: {'artifacts': sources.lineage, 'provenance': sources.provenance},
    }
    if terms.task == 'multiclass':
        sections['multiclass'] = lambda: _multiclass(sources, terms)
    if rows is not None and len(rows):
        if terms.task == 'regression':
            sections['regression'] = lambda: regression(rows, leading())
        elif terms.task == 'binary':
            sections['binary'] = lambda: binary(rows)
        sections |= {
            'worst_slices': lambda: worst_slices(rows, terms.slice_columns, settings.min_examples),
            'mistakes': lambda: with_thumbnails(
                mistakes(rows, leading(), settings.mistakes), rows, sources.examples, terms.split
            ),
        }
    return sections


def _verdict(sources: Sources, terms: ReportTerms) -> dict[str, Any]:
    verdict = sources.verdict
    return {
        'blessed': verdict['blessed'],
        'has_baseline': 'baseline' in sources.models,
        'notes': verdict['notes'],
        'gates': gate_rows(terms.gate, verdict, terms.split),
    }


def _multiclass(sources: Sources, terms: ReportTerms) -> dict[str, Any]:
    classes = [c['name'] for c in sources.verdict['classes'][terms.split]]
    return multiclass(classes, sources.verdict['confusion'][terms.split], sources.rows)


def _kept(rows: Rows | None) -> dict[str, Any] | None:
    """Say how many rows the numbers are of that are not the Evaluator's own."""
    if rows is None:
        return None
    return {'rows': len(rows), 'of': rows.about.rows, 'classes': list(rows.about.classes)}


def _changes(sources: Sources) -> list[dict[str, Any]] | None:
    if not {'candidate', 'baseline'} <= set(sources.provenance):
        return None
    return changes(sources.provenance['baseline'], sources.provenance['candidate'])


def _distances(sources: Sources) -> dict[str, dict[str, float]]:
    """Measure drift of the train split, and how far the other splits are from it."""
    splits = dict(sources.statistics)
    train = splits.pop('train', None)
    if train is None or not train.rows:
        return {}
    others = {f'train → {name}': (split, train) for name, split in splits.items() if split.rows}
    if sources.previous and sources.previous.rows:
        others = {'drift': (train, sources.previous)} | others
    return {kind: distances(*pair) for kind, pair in others.items()}


def _importance(sources: Sources, terms: ReportTerms) -> dict[str, Any] | None:
    rows, settings = sources.rows, terms.report
    if rows is None or not len(rows) or not settings.importance_rows:
        return None
    found = {}
    for name, path in sources.models.items():
        with closing(Served(path, terms.task)) as model:
            columns = model.columns(rows.raw)
            if columns is None or name not in rows.models:
                continue
            found[name] = importance(
                terms.task,
                rows.models[name].labels,
                columns,
                model,
                settings.importance_rows,
                settings.importance_seconds / len(sources.models),
            )
    return found or None
