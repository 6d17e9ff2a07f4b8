"""One metric from run to run, as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from components.report.page.svg import Scale, nice, padded, picture
from components.report.page.words import number

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 330, 132, 54, 12, 10, 22

NEAR = 3.0
"""A bound further from the values than so many times their range is left out."""


@dataclass(frozen=True)
class Point:
    """A metric of one run."""

    run: str
    started: datetime
    value: float
    blessed: bool


def trend(metric: str, points: Sequence[Point], bounds: Sequence[float] = ()) -> str:
    """Return an SVG of a metric over runs, evenly spaced; nothing if there are no points.

    Args:
        metric: Its name.
        points: Oldest first.
        bounds: What the whole split must reach, drawn as lines where they are near.
    """
    if not points:
        return ''
    values = [p.value for p in points]
    spread = (max(values) - min(values)) or abs(values[0]) * 0.05 or 1.0
    near = [b for b in bounds if min(values) - NEAR * spread <= b <= max(values) + NEAR * spread]
    sy = Scale(*padded([*values, *near]), HEIGHT - BOTTOM, TOP)
    sx = Scale(-0.5, max(len(points) - 0.5, 0.5), LEFT, WIDTH - RIGHT)
    parts = [
        f'<path class="grid" d="M{LEFT} {sy(t):.1f}H{WIDTH - RIGHT}"/>'
        f'<text class="tick" x="{LEFT - 6}" y="{sy(t) + 4:.1f}" text-anchor="end">'
        f'{number(t)}</text>'
        for t in nice(sy.low, sy.high, 4)
    ]
    parts += [
        f'<path class="bound" d="M{LEFT} {sy(b):.1f}H{WIDTH - RIGHT}"><title>bound '
        f'{number(b)}</title></path>'
        for b in near
    ]
    places = [(sx(i), sy(p.value)) for i, p in enumerate(points)]
    path = 'L'.join(f'{x:.1f} {y:.1f}' for x, y in places)
    parts.append(f'<path class="line other" d="M{path}"/>')
    for (x, y), point in zip(places, points, strict=True):
        verdict = 'blessed' if point.blessed else 'not blessed'
        tip = f'{point.run}: {number(point.value)}, {verdict}'
        parts.append(
            f'<circle class="{"dot" if point.blessed else "dot hollow"}" cx="{x:.1f}" '
            f'cy="{y:.1f}" r="{4 if len(points) < 40 else 2.4}"><title>{escape(tip)}</title>'
            '</circle>'
        )
    for point, place, anchor in ((points[0], places[0], 'start'), (points[-1], places[-1], 'end')):
        if len(points) > 1 or anchor == 'start':
            at = LEFT if anchor == 'start' else min(place[0] + 6, WIDTH - RIGHT)
            parts.append(
                f'<text class="tick" x="{at:.1f}" y="{HEIGHT - 5}" text-anchor="{anchor}">'
                f'{point.started:%d %b %H:%M}</text>'
            )
    said = f'{metric} over {len(points)} runs, last {number(values[-1])}'
    return picture(WIDTH, HEIGHT, said, parts)
