"""The figures of a regression."""

from itertools import pairwise
from typing import Any

from components.report.page.figure import CANDIDATE, NAMES, Figure, Table, legend, models_in
from components.report.page.svg import Bar, Chart, bars, padded
from components.report.page.words import interval, number, percent

SMALL = 210
"""Height of the small pictures by feature."""


def figures(section: dict[str, Any], label: str, unit: str) -> list[Figure]:
    """Return the figures about the errors of the whole split."""
    of_label = f'{label} ({unit})' if unit else label
    return [
        _calibration(section['calibration'], of_label),
        _by_prediction(section['by_prediction'], of_label),
        _histogram(section['residuals'], of_label),
        _error_quantiles(section['error_quantiles'], unit),
    ]


def by_feature(section: dict[str, Any], unit: str) -> list[Figure]:
    """Return a figure per feature: where the model says too much or too little."""
    return [_of_feature(feature, unit) for feature in section['by_feature']]


def _calibration(section: dict[str, Any], label: str) -> Figure:
    models = models_in(section)
    both = [
        v
        for m in models
        for g in section[m]
        for v in (g['predicted'], g['observed'], *g['interval'])
    ]
    span = padded(both)
    chart = Chart(span, span, f'mean prediction of {label}', 'mean label', 'Calibration')
    chart.rule(span[0], span[0], span[1], span[1])
    for model in reversed(models):
        groups = section[model]
        chart.line([g['predicted'] for g in groups], [g['observed'] for g in groups], model)
        for g in groups:
            tip = (
                f'{NAMES[model]}: predicted {number(g["predicted"])}, '
                f'observed {number(g["observed"])} ({g["rows"]:,} rows)'
            )
            chart.point(g['predicted'], g['observed'], model, tip, g['interval'])
    return Figure(
        'Calibration',
        'Rows in groups of about equal size, by prediction. On the diagonal, what is predicted is '
        'what happens on average; bars are 95% intervals.',
        chart.svg(),
        Table(
            ['model', 'predictions', 'rows', 'mean prediction', 'mean label', '95% interval'],
            [
                [
                    NAMES[m],
                    f'{number(g["low"])} to {number(g["high"])}',
                    number(g['rows']),
                    number(g['predicted']),
                    number(g['observed']),
                    interval(g['interval']),
                ]
                for m in models
                for g in section[m]
            ],
        ),
        legend(models),
    )


def _by_prediction(section: dict[str, Any], label: str) -> Figure:
    groups = section[CANDIDATE]
    xs = [(g['low'] + g['high']) / 2 for g in groups]
    low, middle, high = ([g['quantiles'][i] for g in groups] for i in range(3))
    chart = Chart(
        padded(xs), padded([*low, *high, 0]), f'prediction of {label}', 'residual', 'Residuals'
    )
    chart.band(xs, low, high, 'spread').rule(chart.x[0], 0, chart.x[1], 0)
    chart.line(xs, middle, 'candidate')
    for x, g in zip(xs, groups, strict=True):
        tip = f'{g["name"]}: median {number(g["quantiles"][1])}, {g["rows"]:,} rows'
        chart.point(x, g['quantiles'][1], 'candidate', tip)
    return Figure(
        'Residuals by prediction',
        'A residual is label minus prediction: above 0 the model said too little. The line is the '
        'median; eight in ten rows are in the shaded band.',
        chart.svg(),
        _bands_table(section, models_in(section), 'prediction'),
    )


def _bands_table(section: dict[str, Any], models: list[str], of: str) -> Table:
    return Table(
        ['model', of, 'rows', 'mean residual', '10%', 'median', '90%'],
        [
            [
                NAMES[m],
                g['name'],
                number(g['rows']),
                number(g['mean']),
                *map(number, g['quantiles']),
            ]
            for m in models
            for g in section[m]
        ],
    )


def _histogram(section: dict[str, Any], label: str) -> Figure:
    models = models_in(section)
    edges = section['edges']
    top = max(max(section[m]) for m in models)
    chart = Chart(
        (edges[0], edges[-1]), (0, top * 1.05), f'residual of {label}', 'rows', 'Residuals'
    )
    chart.steps(edges, section[CANDIDATE], 'area candidate')
    for model in models[1:]:
        chart.steps(edges, section[model], f'line {model}')
    chart.rule(0, 0, 0, top * 1.05)
    return Figure(
        'Spread of the residuals',
        'How many rows are off by how much. The rarest 1% are counted in the outermost bars.',
        chart.svg(),
        Table(
            ['residual', *(f'rows, {NAMES[m]}' for m in models)],
            [
                [f'{number(a)} to {number(b)}', *(number(section[m][i]) for m in models)]
                for i, (a, b) in enumerate(pairwise(edges))
            ],
        ),
        tuple((f'area {m}' if m == CANDIDATE else m, n) for m, n in legend(models)),
    )


def _error_quantiles(section: dict[str, Any], unit: str) -> Figure:
    models = models_in(section)
    names = ['half of the rows', '75%', '90%', '95%', '99%', 'all rows']
    rows = [
        Bar(name, [(m, section[m][i]['error']) for m in models]) for i, name in enumerate(names)
    ]
    return Figure(
        'Size of the error',
        'So many rows are off by no more than this, whichever way.',
        bars(rows, 'Quantiles of the absolute error', f' {unit}' if unit else ''),
        Table(
            ['share of rows', *(f'error at most, {NAMES[m]}' for m in models)],
            [
                [percent(q['share'], 0), *(number(section[m][i]['error']) for m in models)]
                for i, q in enumerate(section[CANDIDATE])
            ],
        ),
        legend(models),
    )


def _of_feature(feature: dict[str, Any], unit: str) -> Figure:
    models = models_in(feature)
    groups = feature[CANDIDATE]
    ends = [q for g in groups for q in (g['quantiles'][0], g['quantiles'][2])]
    places = list(range(len(groups)))
    chart = Chart(
        (-0.6, len(groups) - 0.4),
        padded([*ends, 0]),
        feature['feature'],
        f'residual ({unit})' if unit else 'residual',
        f'Residuals by {feature["feature"]}',
        height=SMALL,
        x_ticks=False,
    )
    chart.rule(chart.x[0], 0, chart.x[1], 0)
    every = -(-len(groups) // 5) if max(len(g['name']) for g in groups) > 4 else 1
    for x, g in zip(places, groups, strict=True):
        tip = f'{g["name"]}: mean {number(g["mean"])}, {g["rows"]:,} rows'
        chart.point(x, g['mean'], CANDIDATE, tip, [g['quantiles'][0], g['quantiles'][2]])
        if x % every == 0:
            chart.under(x, g['name'])
    for model in models[1:]:
        # The baseline's groups are the same rows; it is drawn beside, without a band.
        chart.line(places, [g['mean'] for g in feature[model]], model)
    return Figure(
        feature['feature'],
        '',
        chart.svg(),
        _bands_table(feature, models, feature['feature']),
        legend(models),
    )
