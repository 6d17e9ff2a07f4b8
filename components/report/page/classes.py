"""Classes of a classification as tables."""

from typing import Any

from components.report.page.figure import NAMES, Table, models_in
from components.report.page.words import interval, number, percent


def tables(section: dict[str, Any]) -> dict[str, Any]:
    """Return the confusion matrix, the table by class, and the most frequent confusions."""
    return {
        'matrix': _matrix(section['matrix']),
        'by_class': _by_class(section['classes']),
        'confusions': Table(
            ['is', 'taken for', 'rows', 'share of its rows'],
            [
                [c['label'], c['answer'], number(c['rows']), percent(c['share'])]
                for c in section['confusions']
            ],
        ),
    }


def _matrix(section: dict[str, Any]) -> dict[str, Any]:
    baseline = section.get('baseline')
    rows = []
    for i, label in enumerate(section['labels']):
        own = section['candidate'][i]
        total = sum(own)
        cells = [
            {
                'rows': n,
                'answer': answer,
                'baseline': baseline[i][j] if baseline else None,
                'share': round(n / total, 3) if total else 0,
                'kind': 'right' if answer == label else 'wrong' if n else '',
            }
            for j, (answer, n) in enumerate(zip(section['answers'], own, strict=True))
        ]
        rows.append({'label': label, 'cells': cells, 'total': total})
    return {
        'answers': section['answers'],
        'rows': rows,
        'baseline': baseline is not None,
        'long': max(map(len, section['answers'])) > 4,
    }


def _by_class(section: list[dict[str, Any]]) -> Table:
    models = models_in(section[0]) if section else []
    kinds = ('precision', 'recall', 'f1')
    headers = ['class', 'rows']
    for kind in kinds:
        for model in models:
            headers.append(kind if model == models[0] else f'{kind}, {NAMES[model]}')
        if kind == 'recall':
            headers.append('95% interval of recall')
    rows = []
    for own in section:
        row = [own['class'], number(own['rows'])]
        for kind in kinds:
            row += [number(own.get(m, {}).get(kind)) for m in models]
            if kind == 'recall':
                row.append(interval(own['candidate']['recall_interval']))
        rows.append(row)
    return Table(headers, rows)
