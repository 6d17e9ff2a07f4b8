"""The figure of how far probabilities can be trusted."""

from typing import Any

from components.report.page.figure import NAMES, Figure, Table, legend, models_in
from components.report.page.svg import Chart
from components.report.page.words import interval, number


def calibration(section: dict[str, Any], predicted: str, observed: str) -> Figure:
    """Return the figure; `predicted` and `observed` label the axes."""
    models = models_in(section)
    chart = Chart((0, 1), (0, 1), predicted, observed, 'Calibration')
    chart.rule(0, 0, 1, 1)
    for model in reversed(models):
        groups = section[model]['groups']
        chart.line([g['predicted'] for g in groups], [g['observed'] for g in groups], model)
        for g in groups:
            tip = (
                f'{NAMES[model]}: said {number(g["predicted"])}, '
                f'was {number(g["observed"])} ({g["rows"]:,} rows)'
            )
            chart.point(g['predicted'], g['observed'], model, tip, g['interval'])
    errors = ', '.join(f'{NAMES[m]} {number(section[m]["expected_error"], 3)}' for m in models)
    return Figure(
        'Calibration',
        'Rows in groups of about equal size, by probability. On the diagonal, what is said to '
        f'happen 7 times in 10 does. Mean distance: {errors}.',
        chart.svg(),
        Table(
            ['model', 'rows', 'mean probability', 'observed share', '95% interval'],
            [
                [
                    NAMES[m],
                    number(g['rows']),
                    number(g['predicted']),
                    number(g['observed']),
                    interval(g['interval']),
                ]
                for m in models
                for g in section[m]['groups']
            ],
        ),
        legend(models),
    )
