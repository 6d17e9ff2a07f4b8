"""The figures of a binary classification."""

from typing import Any

from components.report.page.calibration import calibration
from components.report.page.figure import CANDIDATE, NAMES, Figure, Table, legend, models_in
from components.report.page.svg import Chart
from components.report.page.words import number, percent


def figures(section: dict[str, Any], positive: str) -> list[Figure]:
    """Return the figures; `positive` is the name of the class that probabilities are of."""
    return [
        _roc(section['roc']),
        _pr(section),
        calibration(
            section['calibration'], f'probability of {positive}', f'share that is {positive}'
        ),
        _scores(section['scores'], positive),
    ]


def _roc(section: dict[str, Any]) -> Figure:
    models = models_in(section)
    chart = Chart((0, 1), (0, 1), 'false positive rate', 'true positive rate', 'ROC curve')
    chart.rule(0, 0, 1, 1)
    for model in reversed(models):
        chart.line(section[model]['fpr'], section[model]['tpr'], model)
    return Figure(
        'ROC curve',
        'How many positives are found for how many false alarms, over all thresholds. The nearer '
        'to the upper left corner, the better; the diagonal is chance.',
        chart.svg(),
        Table(
            ['model', 'false positive rate', 'true positive rate'],
            [
                [NAMES[m], number(x), number(y)]
                for m in models
                for x, y in zip(section[m]['fpr'], section[m]['tpr'], strict=True)
            ],
        ),
        legend(models),
    )


def _pr(section: dict[str, Any]) -> Figure:
    curves = section['pr']
    models = models_in(curves)
    chart = Chart((0, 1), (0, 1), 'recall', 'precision', 'Precision-recall curve')
    share = section['positives'] / (section['positives'] + section['negatives'])
    chart.rule(0, share, 1, share)
    for model in reversed(models):
        chart.line(curves[model]['recall'], curves[model]['precision'], model)
    return Figure(
        'Precision and recall',
        'Of what is called positive, how much is (precision), against how many positives are '
        f'found (recall). The straight line is chance: {percent(share)} are positive.',
        chart.svg(),
        Table(
            ['model', 'threshold', 'recall', 'precision'],
            [
                [NAMES[m], *map(number, point)]
                for m in models
                for point in zip(
                    curves[m]['threshold'], curves[m]['recall'], curves[m]['precision'], strict=True
                )
            ],
        ),
        legend(models),
    )


def _scores(section: dict[str, Any], positive: str) -> Figure:
    own = section[CANDIDATE]
    edges = own['edges']
    shares = {}
    for kind in ('negatives', 'positives'):
        total = sum(own[kind]) or 1
        shares[kind] = [n / total for n in own[kind]]
    top = max(max(s) for s in shares.values()) * 1.05 or 1
    chart = Chart((0, 1), (0, top), f'probability of {positive}', 'share of the class', 'Scores')
    chart.steps(edges, shares['negatives'], 'area other')
    chart.steps(edges, shares['positives'], 'line candidate')
    return Figure(
        'Probabilities by class',
        'The less the two overlap, the better the classes are told apart.',
        chart.svg(),
        Table(
            ['probability', f'rows not {positive}', f'rows {positive}'],
            [
                [f'{number(a)} to {number(b)}', number(n), number(p)]
                for a, b, n, p in zip(
                    edges, edges[1:], own['negatives'], own['positives'], strict=False
                )
            ],
        ),
        (('area other', f'not {positive}'), ('candidate', positive)),
    )


def threshold_table(section: dict[str, Any]) -> Table:
    """Return rows right and wrong above each threshold."""
    found = section['thresholds']
    models = models_in(found)
    positives = section['positives']

    def cells(model: str, i: int) -> list[str]:
        true, false = found[model]['true_positives'][i], found[model]['false_positives'][i]
        precision = true / (true + false) if true + false else None
        recall = true / positives if positives else None
        return [number(true), number(false), number(precision), number(recall)]

    kinds = ('true positives', 'false positives', 'precision', 'recall')
    return Table(
        ['threshold', *(f'{k}, {NAMES[m]}' for m in models for k in kinds)],
        [[number(t), *(c for m in models for c in cells(m, i))] for i, t in enumerate(found['at'])],
    )
