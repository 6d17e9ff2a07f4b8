"""What the template shows, from the numbers: words, tables and figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from components.report.page import binary, classes, data, lineage, regression, slices, training
from components.report.page.calibration import calibration
from components.report.page.figure import Table
from components.report.page.words import (
    NOTHING,
    interval,
    number,
    percent,
    setting,
    signed,
    slice_name,
)

Report = Mapping[str, Any]

SECTIONS = (
    'verdict', 'kept', 'metrics', 'changes', 'worst_slices', 'regression', 'binary', 'multiclass',
    'mistakes', 'importance', 'data', 'anomalies', 'schema', 'learnt', 'training', 'trials',
    'lineage',
)  # fmt: skip
"""Those that a report may be without."""


def context(report: Report, run: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the variables of page.html.j2."""
    report = {**dict.fromkeys(SECTIONS), **report}
    verdict = report['verdict']
    missed = [g for g in verdict['gates'] if g['state'] == 'missed']
    # What was said of the model after it was evaluated.
    refusals = list((run or {}).get('refusals') or ())
    blessed = verdict['blessed'] and not refusals
    shown = {
        'r': report,
        'run': run,
        'blessed': blessed,
        'verdict_word': 'Blessed' if blessed else 'Not blessed',
        'verdict_sentence': _sentence(verdict, missed, refusals),
        'reasons': [g['text'] for g in missed] + refusals,
        'facts': _facts(report),
        'metrics_about': _metrics_about(report),
        'metric_columns': list(report['metrics'][0]['metrics']) if report['metrics'] else [],
        'missed_cells': {(g['metric'], slice_name(g['slice'])) for g in missed},
        'worst': slices.worst(found) if (found := report['worst_slices']) else None,
        'kept_note': _kept_note(report),
        **_changes(report, run),
        **_errors(report),
        **_data(report),
        **_made(report, run),
    }
    return shown | {'contents': _contents(shown)}


def _sentence(verdict: Mapping[str, Any], missed: Sequence[Any], refusals: Sequence[str]) -> str:
    judged = sum(g['state'] != 'not judged' for g in verdict['gates'])
    bounds = f'{judged} bound{"" if judged == 1 else "s"}'
    if refusals:
        return 'refused after it was evaluated'
    if verdict['blessed']:
        return f'{bounds} met'
    return f'{len(missed)} of {bounds} missed'


def _facts(report: Report) -> list[dict[str, str]]:
    """Return the few numbers at the top."""
    whole = next((s for s in report['metrics'] or () if not s['slice']), None)
    facts = []
    if whole:
        for name in list(whole['metrics'])[:2]:
            values = whole['metrics'][name]
            ends = interval(values['candidate']['interval'])
            named = f'{name} (95% interval)' if ends else name
            facts.append(_fact(named, number(values['candidate']['value']), ends))
        headline = whole['metrics'].get(report['headline'], {})
        if headline.get('baseline'):
            base, own = headline['baseline']['value'], headline['candidate']['value']
            note = signed(own - base) if None not in (own, base) else ''
            named = f'{report["headline"]} of the baseline'
            facts.append(_fact(named, number(base), f'this model {note}' if note else ''))
        facts.append(_fact(f'rows of the {report["split"]} split', number(whole['rows'])))
    if trained := (report['data'] or {'splits': {}})['splits'].get('train'):
        facts.append(_fact('rows trained on', number(trained)))
    return facts


def _fact(name: str, value: str, note: str = '') -> dict[str, str]:
    return {'name': name, 'value': value, 'note': note}


def _metrics_about(report: Report) -> str:
    told = [f'{name}: {m["description"]}' for name, m in report['metric_names'].items()]
    about = f'{"; ".join(told)}. Small numbers are 95% intervals'
    return (
        f'{about}, and the baseline on the same rows.'
        if report['verdict']['has_baseline']
        else f'{about}.'
    )


def _kept_note(report: Report) -> str:
    kept = report['kept']
    if not kept:
        return (
            'No predictions by row were kept, so there are no intervals and no pictures of errors.'
        )
    if kept['rows'] < kept['of']:
        return (
            f'Metrics are of all {kept["of"]:,} rows; intervals and figures of errors are of an '
            f'even sample of {kept["rows"]:,}.'
        )
    return ''


def _changes(report: Report, run: Mapping[str, Any] | None) -> dict[str, Any]:
    whole = next((s for s in report['metrics'] or () if not s['slice']), None)
    rows = []
    for name, values in (whole or {'metrics': {}})['metrics'].items():
        base = (values.get('baseline') or {}).get('value')
        own = values['candidate']['value']
        change = signed(own - base) if base is not None and own is not None else NOTHING
        rows.append([name, number(base), number(own), change])
    listed = _all_changes(report['changes'], (run or {}).get('changes'))
    return {
        'headline_changes': Table(['metric', 'baseline', 'this model', 'change'], rows),
        'changes': listed
        and Table(
            ['what', 'before', 'now'],
            [[c['key'], setting(c['before']), setting(c['now'])] for c in listed],
        ),
        'changes_known': listed is not None,
    }


def _all_changes(
    of_training: list[dict[str, Any]] | None, of_recipe: list[dict[str, Any]] | None
) -> list[dict[str, Any]] | None:
    """Join what differs in the recipe and in the training, where a search may have chosen."""
    if of_training is None or of_recipe is None:
        return of_training if of_recipe is None else of_recipe
    told = {c['key'] for c in of_recipe}
    trained = [{**c, 'key': c['key'].removeprefix('settings.')} for c in of_training]
    return of_recipe + [c for c in trained if c['key'] not in told]


def _errors(report: Report) -> dict[str, Any]:
    task, label, unit = report['task'], report['label'], report['unit']
    names = (report['kept'] or {}).get('classes') or []
    found: dict[str, Any] = {
        'errors': [],
        'by_feature': [],
        'matrix': None,
        'errors_title': 'Errors' if task == 'regression' else 'Errors and probabilities',
        'errors_about': '',
        'pictures': any('picture' in m for m in report.get('mistakes') or ()),
        'mistakes_title': 'Most confident mistakes',
        'importance': None,
    }
    if task == 'regression' and report.get('regression'):
        found['errors'] = regression.figures(report['regression'], label, unit)
        found['by_feature'] = regression.by_feature(report['regression'], unit)
    if task == 'regression':
        found['mistakes_title'] = 'Rows with the largest errors'
    if report.get('binary'):
        positive = names[1] if len(names) > 1 else 'the second class'
        found['errors'] = binary.figures(report['binary'], positive)
        found['positive'] = positive
        found['thresholds'] = binary.threshold_table(report['binary'])
    if report.get('multiclass'):
        found |= classes.tables(report['multiclass'])
        if report['multiclass']['calibration']:
            found['errors'] = [
                calibration(
                    report['multiclass']['calibration'],
                    'probability of the likeliest class',
                    'share that is right',
                )
            ]
    found['mistakes'] = lineage.mistakes(report)
    if report.get('importance'):
        found['importance'] = training.importance(report['importance'])
    return found


def _data(report: Report) -> dict[str, Any]:
    section = report['data'] or {'columns': [], 'splits': {}, 'left_out': []}
    kinds = list(dict.fromkeys(k for c in section['columns'] for k in c['distances']))
    rows = ', '.join(f'{name} {rows:,}' for name, rows in section['splits'].items())
    left_out = (
        f' {len(section["left_out"])} more columns are not shown.' if section['left_out'] else ''
    )
    return {
        'data_about': f'Rows: {rows}. From the statistics of each split; histograms are estimates, '
        f'to about 1% of the rows.{left_out}',
        'data_figures': data.figures(section) if section['columns'] else [],
        'has_drift': 'drift' in kinds,
        'distances': Table(
            [
                'column',
                *(('drift: train, from the last data' if k == 'drift' else k) for k in kinds),
            ],
            [
                [c['name'], *(number(c['distances'].get(k), 3) for k in kinds)]
                for c in section['columns']
                if c['distances']
            ],
        ),
        'anomalies': Table(
            ['split', 'column', 'severity', 'what', 'in words'],
            [
                [a['split'], a['column'] or NOTHING, a['severity'], a['what'], a['detail']]
                for a in report['anomalies'] or ()
            ],
        ),
        'schema': Table(
            ['column', 'type', 'must be present in', 'values'],
            [
                [c['name'], c['type'], percent(c['present'], 0), _domain(c['values'])]
                for c in report['schema'] or ()
            ],
        ),
        'vocabularies': Table(
            ['of', 'size', 'most frequent'],
            [
                [
                    v['name'],
                    number(v['size']),
                    ', '.join(v['head']) + (' …' if v['size'] > len(v['head']) else ''),
                ]
                for v in (report['learnt'] or {}).get('vocabularies', ())
            ],
        ),
        'buckets': Table(
            ['of', 'edges'],
            [
                [b['name'], ', '.join(map(number, dict.fromkeys(b['edges'])))]
                for b in (report['learnt'] or {}).get('buckets', ())
            ],
        ),
    }


def _domain(values: Mapping[str, Any] | None) -> str:
    if values is None:
        return 'any'
    if 'listed' in values:
        return _listed(values['listed'], values['in_all'])
    return f'{values["min"]} to {values["max"]}' if 'min' in values else str(values['kind'])


def _listed(values: Sequence[str], in_all: int) -> str:
    return ', '.join(values) + (' …' if in_all > len(values) else '')


def _made(report: Report, run: Mapping[str, Any] | None) -> dict[str, Any]:
    artifacts = (report['lineage'] or {'artifacts': {}})['artifacts']
    facts = [[name.replace('_', ' '), path] for name, path in artifacts.items()]
    steps = (run or {}).get('steps') or []
    return {
        'curves': training.curves(report['training']) if report['training'] else [],
        'trials': training.trials(report['trials']) if report['trials'] else None,
        'steps': lineage.steps(steps) if steps else None,
        'lineage': Table(['what', 'where'], [*lineage.run_facts(run), *facts]),
        'recipe_text': lineage.recipe_text(report['recipe']),
    }


def _contents(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the sections that are there, for the navigation."""
    report = found['r']
    return [
        (name, title)
        for name, title, there in (
            ('gates', 'Bounds', True),
            ('changes', 'Changes', True),
            ('metrics', 'Slices', True),
            ('worst', 'Worst slices', bool((report['worst_slices'] or {}).get('columns'))),
            ('errors', 'Errors', True),
            ('importance', 'Importance', bool(found['importance'])),
            ('data', 'Data', True),
            ('schema', 'Schema', True),
            ('training', 'Training', bool(found['curves'] or found['trials'])),
            ('lineage', 'Lineage', True),
        )
        if there
    ]
