"""The worst slices as a picture."""

from html import escape
from typing import Any

from components.report.page.figure import NAMES, Figure, Table, legend, models_in
from components.report.page.svg import Scale, padded, picture
from components.report.page.words import interval, number, slice_name, tick

WIDTH, ROW, LONGEST = 470, 38, 62
"""Pixels of the picture and of a row of it; characters of a slice's name."""


def worst(section: dict[str, Any]) -> Figure | None:
    """Return the worst slices with their intervals, beside the whole; None if there are none."""
    found = section['slices']
    if not found:
        return None
    models = models_in(found[0])
    values = [section['whole']['value']]
    for own in found:
        for model in models:
            values += [own[model]['value'], *(own[model]['interval'] or ())]
    scale = Scale(*padded(values), 6, WIDTH - 6)
    bottom = len(found) * ROW + 6
    at = scale(section['whole']['value'])
    parts = [
        f'<path class="grid" d="M{scale(t):.1f} 0V{bottom}"/><text class="tick" '
        f'x="{scale(t):.1f}" y="{bottom + 15}" text-anchor="middle">{tick(t)}</text>'
        for t in scale.ticks(6)
    ]
    parts.append(f'<path class="guide strong" d="M{at:.1f} 0V{bottom}"/>')
    for i, own in enumerate(found):
        parts += _row(own, models, scale, i * ROW)
    parts.append(
        f'<text class="label" x="{WIDTH / 2}" y="{bottom + 34}" text-anchor="middle">'
        f'{section["metric"]}; dotted: all rows, {number(section["whole"]["value"])}</text>'
    )
    return Figure(
        f'{section["metric"]} by slice',
        'Points with their 95% intervals.',
        picture(WIDTH, bottom + 40, f'{section["metric"]} of the worst slices', parts),
        Table(
            ['slice', 'rows', *(x for m in models for x in (NAMES[m], '95% interval'))],
            [
                [
                    slice_name(own['slice']),
                    number(own['rows']),
                    *(
                        x
                        for m in models
                        for x in (number(own[m]['value']), interval(own[m]['interval']))
                    ),
                ]
                for own in found
            ],
        ),
        legend(models),
    )


def _row(own: dict[str, Any], models: list[str], scale: Scale, y: float) -> list[str]:
    name = slice_name(own['slice'])
    shown = name if len(name) <= LONGEST else f'{name[: LONGEST - 1]}…'
    parts = [
        f'<text class="name halo" x="4" y="{y + 15}">{escape(shown)}'
        f'<tspan class="count" dx="8">{own["rows"]:,} rows</tspan><title>{escape(name)}</title>'
        '</text>'
    ]
    for k, model in enumerate(reversed(models)):
        value, ends = own[model]['value'], own[model]['interval']
        if value is None:
            continue
        height = y + (27 if len(models) == 1 else 32 if k == 0 else 25)
        if ends and None not in ends:
            low, high = (scale(e) for e in ends)
            parts.append(
                f'<path class="whisker {model}" d="M{low:.1f} {height}L{high:.1f} {height}"/>'
            )
        tip = f'{NAMES[model]}: {number(value)} ({interval(ends)})'
        parts.append(
            f'<circle class="dot {model}" cx="{scale(value):.1f}" cy="{height}" r="4">'
            f'<title>{tip}</title></circle>'
        )
    return parts
