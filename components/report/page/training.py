"""The figures of training, of a search, and of what the model leans on."""

from html import escape
from typing import Any

from components.report.page.figure import NAMES, Figure, Table, legend, models_in
from components.report.page.svg import HEIGHT, TOP, Bar, Chart, Scale, bars, padded, picture
from components.report.page.words import number, setting

MOST_BARS = 25
WIDE = 820

FEW = 5
"""Different values of a setting that are each written at its axis, at most."""


def importance(section: dict[str, Any]) -> Figure:
    """Return the figure of permutation importance."""
    models = models_in(section)
    by_name = {m: {c['name']: c for c in section[m]['columns']} for m in models}
    own = section['candidate']
    order = [c['name'] for c in own['columns']]

    def worse(model: str, name: str) -> float | None:
        return by_name[model].get(name, {}).get('worse')

    rows = [Bar(n, [(m, worse(m, n)) for m in models]) for n in order[:MOST_BARS]]
    return Figure(
        'What the model leans on',
        f'How much worse {own["metric"]} gets when the column is shuffled among rows, so that it '
        f'tells nothing: mean of {own["repeats"]} shuffles of {own["rows"]:,} rows. Columns that '
        'say the same can stand in for each other.',
        bars(rows, 'Permutation importance'),
        Table(
            ['column', *(f'{x}, {NAMES[m]}' for m in models for x in ('worse by', 'deviation'))],
            [
                [
                    name,
                    *(
                        number(by_name[m].get(name, {}).get(key))
                        for m in models
                        for key in ('worse', 'deviation')
                    ),
                ]
                for name in order
            ],
        ),
        legend(models),
    )


def curves(section: dict[str, Any]) -> list[Figure]:
    """Return a figure per loss and metric of training."""
    return [_curve(name, section) for name in section['series']]


def _curve(name: str, section: dict[str, Any]) -> Figure:
    series, epochs = section['series'][name], section['epoch']
    both = [*series['train'], *series['eval']]
    last = max(epochs)
    chart = Chart((1, max(last, 2)), padded(both), 'epoch', name, f'{name} by epoch', whole=True)
    chart.line(epochs, series['train'], 'other').line(epochs, series['eval'], 'candidate')
    best = section['best_epoch']
    if best in epochs and (value := series['eval'][epochs.index(best)]) is not None:
        chart.point(best, value, 'candidate', f'epoch {best}: {number(value)}', radius=4.5)
    return Figure(
        name,
        f'By epoch; the model has the weights of epoch {best}.',
        chart.svg(),
        Table(
            ['epoch', 'train', 'eval', 'learning rate', 'seconds'],
            [
                [number(v) for v in row]
                for row in zip(
                    epochs,
                    series['train'],
                    series['eval'],
                    section['learning_rate'],
                    section['seconds'],
                    strict=True,
                )
            ],
        ),
        (('other', 'train split'), ('candidate', 'eval split')),
    )


def trials(section: dict[str, Any]) -> Figure:
    """Return the parallel coordinates of a search: an axis per setting, a line per trial."""
    tried = section['trials']
    names = [*section['settings'], section['objective']]
    values = [[t['values'][n] for t in tried] for n in section['settings']]
    values.append([t['score'] for t in tried])
    left, right, bottom = 70, WIDE - 70, HEIGHT - 30
    places = [left + (right - left) * i / max(len(names) - 1, 1) for i in range(len(names))]
    axes = [_axis(own, bottom) for own in values]
    parts = []
    for i in reversed(range(len(tried))):
        points = [
            f'{x:.1f} {axis(own[i]):.1f}'
            for x, (axis, _), own in zip(places, axes, values, strict=True)
            if own[i] is not None
        ]
        style = 'best' if i == 0 else 'good' if i < max(len(tried) // 4, 1) else 'rest'
        tip = ', '.join(f'{n} {setting(own[i])}' for n, own in zip(names, values, strict=True))
        path = f'M{"L".join(points)}'
        parts.append(f'<path class="trial {style}" d="{path}"><title>{escape(tip)}</title></path>')
    for x, name, (axis, ticks) in zip(places, names, axes, strict=True):
        parts.append(f'<path class="axis" d="M{x:.1f} {TOP + 8}V{bottom}"/>')
        parts.append(
            f'<text class="label" x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">'
            f'{escape(name)}</text>'
        )
        parts += [
            f'<text class="tick halo" x="{x + 6:.1f}" y="{axis(t) + 4:.1f}">'
            f'{escape(setting(t))}</text>'
            for t in ticks
        ]
    return Figure(
        'Trials of the search',
        f'A line is a trial, an axis a setting; the last axis is {section["objective"]}, lower is '
        'better. The thick line is the best trial, darker ones the best quarter.',
        picture(WIDE, HEIGHT, 'Trials of the search, as parallel coordinates', parts),
        Table(
            [section['objective'], *section['settings']],
            [
                [number(t['score']), *(setting(t['values'][n]) for n in section['settings'])]
                for t in tried
            ],
        ),
        wide=True,
    )


def _axis(values: list[Any], bottom: float) -> tuple[Any, list[Any]]:
    """Return a scale of a setting's values, and the values to write at it."""
    known = [v for v in values if v is not None]
    if known and all(isinstance(v, int | float) and not isinstance(v, bool) for v in known):
        low, high = min(known), max(known)
        log = low > 0 and high / low > 50
        scale = Scale(low, high, bottom - 4, TOP + 14, log)
        few = sorted(set(known))
        return scale, few if len(few) <= FEW else scale.ticks(4)
    distinct = sorted(set(known), key=str)
    place = {v: i for i, v in enumerate(distinct)}
    scale = Scale(-0.3, len(distinct) - 0.7, bottom - 4, TOP + 14)
    return (lambda v: scale(place[v])), distinct
