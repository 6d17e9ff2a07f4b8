"""The figures of the data: each column, by split."""

from typing import Any

from components.report.page.figure import Figure, Table
from components.report.page.svg import Bar, Chart, bars
from components.report.page.words import number, percent

STYLES = ('other', 'candidate', 'third', 'fourth')
SMALL = 200

COMMON = 0.01
"""Share of rows that the most frequent value has, for a column to be shown: names have less."""


def figures(section: dict[str, Any]) -> list[Figure]:
    """Return a figure per column."""
    styles = dict(zip(section['splits'], STYLES, strict=False))
    return [f for column in section['columns'] if (f := _of_column(column, styles))]


def _of_column(column: dict[str, Any], styles: dict[str, str]) -> Figure | None:
    own = {s: v for s, v in column['splits'].items() if s in styles}
    missing = ', '.join(
        f'{percent(v["missing"] / v["rows"])} in {s}' for s, v in own.items() if v['missing']
    )
    reading = f'Missing: {missing}.' if missing else ''
    if any(v.get('histogram') for v in own.values()):
        return _numeric(column, own, styles, reading)
    if any(v.get('top') for v in own.values()):
        return _text(column, own, styles, reading)
    return None


def _numeric(
    column: dict[str, Any], own: dict[str, Any], styles: dict[str, str], reading: str
) -> Figure:
    outlines = {s: _density(v) for s, v in own.items() if v.get('histogram')}
    edges = [e for xs, _ in outlines.values() for e in xs]
    tops = [h for _, hs in outlines.values() for h in hs]
    low, high = min(edges), max(edges)
    if low == high:
        low, high = low - 0.5, high + 0.5
    chart = Chart(
        (low, high), (0, max(tops) * 1.05), column['name'], 'density', column['name'],
        height=SMALL,
    )  # fmt: skip
    for i, (split, (xs, heights)) in enumerate(outlines.items()):
        chart.steps(xs, heights, f'{"area" if i == 0 else "line"} {styles[split]}')
    keys = ('mean', 'deviation', 'min', 'median', 'max', 'zeros', 'missing')
    rows = [[s, *(number(v.get(k)) for k in keys)] for s, v in own.items()]
    return Figure(
        column['name'],
        reading,
        chart.svg(),
        Table(['split', *keys], rows),
        _legend(outlines, styles),
    )


def _density(described: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Return edges, and the share of rows in each bucket over its width: splits' widths differ."""
    buckets = [b for b in described['histogram'] if None not in b]
    total = sum(b[2] for b in buckets) or 1
    return [b[0] for b in buckets] + [buckets[-1][1]], [
        b[2] / total / (b[1] - b[0] or 1) for b in buckets
    ]


def _text(
    column: dict[str, Any], own: dict[str, Any], styles: dict[str, str], reading: str
) -> Figure | None:
    """Return the most frequent values; None of names, which are different in every row."""
    shares = {
        s: {t['value']: t['rows'] / v['rows'] for t in v.get('top', ())} for s, v in own.items()
    }
    if max(v for s in shares.values() for v in s.values()) < COMMON:
        return None
    first = next(iter(shares.values()))
    values = list(dict.fromkeys([*first, *(v for s in shares.values() for v in s)]))[:8]
    rows = [Bar(v, [(styles[s], shares[s].get(v)) for s in shares]) for v in values]
    different = max(v.get('different', 0) for v in own.values())
    more = f' {different:,} different values.' if different > len(values) else ''
    return Figure(
        column['name'],
        f'{reading}{more}'.strip(),
        bars(rows, column['name'], share=True),
        Table(
            ['value', *(f'rows in {s}' for s in shares)],
            [[v, *(number(_rows(own[s], v)) for s in shares)] for v in values],
        ),
        _legend(shares, styles),
    )


def _rows(described: dict[str, Any], value: str) -> int | None:
    return next((t['rows'] for t in described.get('top', ()) if t['value'] == value), None)


def _legend(splits: Any, styles: dict[str, str]) -> tuple[tuple[str, str], ...]:
    names = [(f'area {styles[s]}' if i == 0 else styles[s], s) for i, s in enumerate(splits)]
    return tuple(names) if len(names) > 1 else ()
