"""Charts as SVG text: axes, lines, bars and points. Colours are classes, set by the style sheet."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from components.report.page.words import number, tick

WIDTH, HEIGHT = 400, 250
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 10, 42


@dataclass(frozen=True)
class Scale:
    """From values to pixels."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        share = (value - low) / (high - low) if high > low else 0.5
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Return round values within the range."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            powers = [10.0**p for p in range(first, last + 1)]
            return powers if len(powers) > 1 else [self.low, self.high]
        return nice(self.low, self.high, most)


def nice(low: float, high: float, most: int) -> list[float]:
    """Return at most so many round numbers, evenly spaced, between two."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f'{i * step:.12g}') for i in range(first, last + 1)]


def padded(values: Iterable[float | None], zero: bool = False) -> tuple[float, float]:
    """Return a range that holds values with a little room."""
    known = [v for v in values if v is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low or abs(high) or 1.0) * 0.05
    return (low if zero and low == 0 else low - room), (high if zero and high == 0 else high + room)


@dataclass
class Chart:
    """A picture with an x and a y axis, to which marks are added.

    Args:
        x: Range of the x axis.
        y: Range of the y axis.
        x_label: What it shows, with its unit.
        y_label: The same of y.
        about: What a reader who doesn't see it is told.
        width: Of the view box.
        height: Of the view box.
            left: Room for the tick labels of y.
        x_ticks: Whether x has ticks; else `under` names its places.
        whole: Whether x has whole numbers only.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str = ''
    y_label: str = ''
    about: str = ''
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    x_ticks: bool = True
    whole: bool = False
    marks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the scales."""
        self.sx = Scale(*self.x, self.left, self.width - RIGHT)
        self.sy = Scale(*self.y, self.height - BOTTOM, TOP)

    def line(self, xs: Sequence[float | None], ys: Sequence[float | None], style: str) -> 'Chart':
        """Add a line through points, broken where one is None."""
        parts, pen = [], 'M'
        for x, y in zip(xs, ys, strict=True):
            if x is None or y is None:
                pen = 'M'
                continue
            parts.append(f'{pen}{self.sx(x):.1f} {self.sy(y):.1f}')
            pen = 'L'
        if parts:
            self.marks.append(f'<path class="line {style}" d="{"".join(parts)}"/>')
        return self

    def steps(self, edges: Sequence[float], heights: Sequence[float], style: str) -> 'Chart':
        """Add the outline of a histogram."""
        base = self.sy(max(self.y[0], 0))
        path = f'M{self.sx(edges[0]):.1f} {base:.1f}'
        for left, right, height in zip(edges, edges[1:], heights, strict=False):
            y = self.sy(height)
            path += f'L{self.sx(left):.1f} {y:.1f}L{self.sx(right):.1f} {y:.1f}'
        path += f'L{self.sx(edges[len(heights)]):.1f} {base:.1f}'
        self.marks.append(f'<path class="{style}" d="{path}"/>')
        return self

    def band(
        self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], style: str
    ) -> 'Chart':
        """Add an area between two lines."""
        there = [f'{self.sx(x):.1f} {self.sy(y):.1f}' for x, y in zip(xs, highs, strict=True)]
        back = [f'{self.sx(x):.1f} {self.sy(y):.1f}' for x, y in zip(xs, lows, strict=True)]
        path = 'M' + 'L'.join(there + back[::-1]) + 'Z'
        self.marks.append(f'<path class="{style}" d="{path}"/>')
        return self

    def point(
        self,
        x: float,
        y: float,
        style: str,
        tip: str = '',
        ends: Sequence[float | None] | None = None,
        radius: float = 3.2,
    ) -> 'Chart':
        """Add a point, with its interval as a line through it."""
        cx, cy = self.sx(x), self.sy(y)
        if ends and None not in ends:
            low, high = (self.sy(min(max(e or 0.0, self.y[0]), self.y[1])) for e in ends)
            self.marks.append(
                f'<path class="whisker {style}" d="M{cx:.1f} {low:.1f}L{cx:.1f} {high:.1f}"/>'
            )
        title = f'<title>{escape(tip)}</title>' if tip else ''
        self.marks.append(
            f'<circle class="dot {style}" cx="{cx:.1f}" cy="{cy:.1f}" r="{radius}">{title}</circle>'
        )
        return self

    def rule(self, x1: float, y1: float, x2: float, y2: float, style: str = 'guide') -> 'Chart':
        """Add a straight line between two points."""
        self.marks.append(
            f'<path class="{style}" d="M{self.sx(x1):.1f} {self.sy(y1):.1f}'
            f'L{self.sx(x2):.1f} {self.sy(y2):.1f}"/>'
        )
        return self

    def text(self, x: float, y: float, words: str, anchor: str = 'start') -> 'Chart':
        """Add a few words at a point."""
        self.marks.append(
            f'<text x="{self.sx(x):.1f}" y="{self.sy(y):.1f}" text-anchor="{anchor}">'
            f'{escape(words)}</text>'
        )
        return self

    def under(self, x: float, words: str) -> 'Chart':
        """Name a place of the x axis."""
        shown = words if len(words) <= 12 else f'{words[:11]}…'
        self.marks.append(
            f'<text class="tick" x="{self.sx(x):.1f}" y="{self.height - BOTTOM + 16}" '
            f'text-anchor="middle">{escape(shown)}<title>{escape(words)}</title></text>'
        )
        return self

    def svg(self) -> str:
        """Return the picture."""
        bottom, right = self.height - BOTTOM, self.width - RIGHT
        parts = [
            f'<path class="grid" d="M{self.left} {self.sy(t):.1f}H{right}"/>'
            f'<text class="tick" x="{self.left - 6}" y="{self.sy(t) + 4:.1f}" '
            f'text-anchor="end">{tick(t)}</text>'
            for t in self.sy.ticks(5)
        ]
        if self.x_ticks:
            parts += [
                f'<path class="tickmark" d="M{self.sx(t):.1f} {bottom}v4"/>'
                f'<text class="tick" x="{self.sx(t):.1f}" y="{bottom + 16}" '
                f'text-anchor="middle">{tick(t)}</text>'
                for t in self.sx.ticks(6)
                if not self.whole or t == int(t)
            ]
        parts.append(f'<path class="axis" d="M{self.left} {bottom}H{right}"/>')
        middle = (self.left + right) / 2
        parts.append(
            f'<text class="label" x="{middle:.0f}" y="{self.height - 6}" text-anchor="middle">'
            f'{escape(self.x_label)}</text>'
        )
        parts.append(
            f'<text class="label" transform="rotate(-90)" x="{-(TOP + bottom) / 2:.0f}" y="12" '
            f'text-anchor="middle">{escape(self.y_label)}</text>'
        )
        return picture(self.width, self.height, self.about, parts + self.marks)


def picture(width: float, height: float, about: str, parts: Iterable[str]) -> str:
    """Return an SVG element with what it shows in words."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(about)}">'
        f'{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class Bar:
    """One bar of a bar chart: its name and values by style."""

    name: str
    values: Sequence[tuple[str, float | None]]
    spread: float | None = None


def bars(
    rows: Sequence[Bar], about: str, unit: str = '', share: bool = False, label_width: int = 130
) -> str:
    """Return horizontal bars, one group per row, their values written at their ends."""
    each = max((len(r.values) for r in rows), default=1)
    thick = 15 if each == 1 else 13
    step = each * thick + 9
    known = [v for r in rows for _, v in r.values if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known]) or 1.0
    scale = Scale(low, high, label_width + (34 if low < 0 else 0), WIDTH - 56)
    parts = []
    for i, row in enumerate(rows):
        y = 4 + i * step
        shown = row.name if len(row.name) <= 20 else f'{row.name[:19]}…'
        parts.append(
            f'<text class="name" x="{label_width - 8}" y="{y + each * thick / 2 + 4:.1f}" '
            f'text-anchor="end">{escape(shown)}<title>{escape(row.name)}</title></text>'
        )
        for k, (style, value) in enumerate(row.values):
            if value is None:
                continue
            start, end = sorted((scale(0), scale(value)))
            top = y + k * thick
            words = f'{100 * value:.1f}%' if share else f'{number(value, 3)}{unit}'
            at, anchor = (start - 4, 'end') if value < 0 else (end + 4, 'start')
            parts.append(
                f'<rect class="bar {style}" x="{start:.1f}" y="{top}" '
                f'width="{max(end - start, 0.8):.1f}" height="{thick - 2}"/>'
                f'<text class="value" x="{at:.1f}" y="{top + thick - 3}" '
                f'text-anchor="{anchor}">{words}</text>'
            )
    height = 8 + len(rows) * step
    parts.append(f'<path class="axis" d="M{scale(0):.1f} 0V{height - 4}"/>')
    return picture(WIDTH, height, about, parts)
