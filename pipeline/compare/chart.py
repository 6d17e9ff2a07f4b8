"""Intervals of one metric on each slice, of every run, as a picture."""

import math
from html import escape

from components.report.page.svg import Scale, nice, picture
from components.report.page.words import number
from pipeline.compare.comparison import Comparison
from pipeline.compare.words import interval_text, letter

WIDTH, LABELS, RIGHT = 720, 210, 16
LINE = 13
STYLES = ('', 'baseline', 'third', 'fourth')

MOST_SLICES = 40


def intervals_chart(comparison: Comparison, metric: str) -> str:
    """Return an SVG: a point with its interval for each slice and run.

    Args:
        comparison: What to draw.
        metric: Which metric.
    """
    rows = [r for r in comparison.rows if r.metric == metric][:MOST_SLICES]
    ends = [e for r in rows for c in r.cells for e in (c.value, *c.interval) if not math.isnan(e)]
    if not ends:
        return ''
    low, high = min(ends), max(ends)
    room = (high - low or 1) * 0.04
    scale = Scale(low - room, high + room, LABELS, WIDTH - RIGHT)
    step = len(comparison.runs) * LINE + 10
    height = len(rows) * step + 30
    parts = []
    for tick in nice(scale.low, scale.high, 6):
        x = scale(tick)
        parts.append(
            f'<path class="grid" d="M{x:.1f} 0V{height - 26}"/>'
            f'<text class="tick" x="{x:.1f}" y="{height - 10}" text-anchor="middle">'
            f'{number(tick)}</text>'
        )
    for i, row in enumerate(rows):
        top = i * step + 6
        shown = row.slice if len(row.slice) <= 30 else f'{row.slice[:29]}…'
        middle = top + len(row.cells) * LINE / 2
        parts.append(
            f'<text class="name" x="{LABELS - 12}" y="{middle + 4:.1f}" text-anchor="end">'
            f'{escape(shown)}<title>{escape(row.slice)}</title></text>'
        )
        for place, cell in enumerate(row.cells):
            if math.isnan(cell.value):
                continue
            y = top + (place + 0.5) * LINE
            style = STYLES[place % len(STYLES)]
            if not any(map(math.isnan, cell.interval)):
                left, right = (scale(e) for e in cell.interval)
                parts.append(f'<path class="whisker {style}" d="M{left:.1f} {y:.1f}H{right:.1f}"/>')
            tip = f'{letter(place)}: {number(cell.value)} ({interval_text(cell.interval)})'
            parts.append(
                f'<circle class="dot {style}" cx="{scale(cell.value):.1f}" cy="{y:.1f}" r="3.4">'
                f'<title>{escape(tip)}</title></circle>'
            )
    return picture(WIDTH, height, f'{metric} of each run by slice, with 95 % intervals', parts)
