"""What is on a model card, from the run's own files: pure functions."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from components.evaluator.fairness import Gap
from components.evaluator.intervals import Interval
from components.evaluator.measured import SliceMetrics
from components.evaluator.settings import METRICS, Bound, headline
from components.evaluator.slice_intervals import WHOLE, KeptRows, intervals_by_slice, slice_text
from components.evaluator.verdict import Verdict
from components.pusher.settings import CardTerms
from components.report.page.words import number, percent

FEW_EXAMPLES = 100
"""Slices with fewer rows are named among the limits."""

VALUES_SHOWN = 8
"""Values of an input that are listed."""

SERVER = 'http://127.0.0.1:8501'
"""Where `sluice serve` answers."""

Row = Mapping[str, Any]


def card(
    terms: CardTerms,
    verdict: Verdict,
    kept: KeptRows | None,
    description: Mapping[str, Any],
    training: Mapping[str, Any],
    at: datetime,
) -> dict[str, Any]:
    """Return all that a card's templates show.

    Args:
        terms: From the recipe.
        verdict: The Evaluator's.
        kept: Predictions of the judged split, for intervals; None: there are none.
        description: What the model says of itself (`assets.extra/sluice.json`); maybe empty.
        training: How it was trained (`assets.extra/training.json`); maybe empty.
        at: When it was blessed.
    """
    split, slices = next(iter(verdict.metrics.items()))
    ends = intervals_by_slice(slices, kept)[0] if kept else {}
    whole = slices[0]
    return {
        'terms': terms,
        'unit': (description.get('label') or {}).get('unit'),
        'classes': description.get('classes') or [c.name for c in verdict.classes.get(split, ())],
        'at': at,
        'split': split,
        'examples': whole.examples,
        'rows': training.get('rows') or {},
        'headline': headline(terms.task).name,
        'metrics': _metrics(terms, whole, ends.get(WHOLE, {})),
        'slice_metrics': _slice_metrics(terms),
        'slices': [_slice(terms, s, ends.get(slice_text(s.slice), {})) for s in slices[1:]],
        'by_class': verdict.classes.get(split, ()),
        'gaps': [_gap(gap) for gap in verdict.fairness.get(split, ())],
        'limits': list(_limits(terms, verdict, split, kept)),
        'inputs': [_input(i) for i in description.get('inputs', ())],
        'calls': _calls(terms, description),
    }


def _metrics(terms: CardTerms, whole: SliceMetrics, ends: Mapping[str, Interval]) -> list[Row]:
    found: list[Row] = []
    for name, metric in METRICS[terms.task].items():
        values = whole.metrics[name]
        bound = terms.gate.metrics.get(name)
        found.append(
            {
                'name': name,
                'meaning': metric.description,
                'value': number(values.candidate),
                'interval': _interval(ends.get(name)),
                'baseline': number(values.baseline),
                'bound': _bound(bound) if bound else '',
            }
        )
    return found


def _slice_metrics(terms: CardTerms) -> list[str]:
    """Return the metrics to show on slices: the headline, and those that bounds are on."""
    bounded = [metric for gate in terms.gate.slices for metric in gate.metrics]
    return list(dict.fromkeys([headline(terms.task).name, *bounded]))


def _slice(terms: CardTerms, own: SliceMetrics, ends: Mapping[str, Interval]) -> Row:
    return {
        'name': slice_text(own.slice),
        'examples': f'{own.examples:,}',
        'metrics': [
            {'value': number(own.metrics[m].candidate), 'interval': _interval(ends.get(m))}
            for m in _slice_metrics(terms)
        ],
    }


def _gap(gap: Gap) -> Row:
    return {
        'by': ', '.join(gap.by),
        'criterion': gap.criterion,
        'value': number(gap.value),
        'interval': '' if gap.low is None else f'{number(gap.low)} to {number(gap.high)}',
        'between': (
            f'{", ".join(map(str, gap.highest.values()))} over '
            f'{", ".join(map(str, gap.lowest.values()))}'
            if gap.highest and gap.lowest
            else 'too few rows to compare'
        ),
        'bound': '' if gap.max_gap is None else f'at most {number(gap.max_gap)}',
    }


def _limits(terms: CardTerms, verdict: Verdict, split: str, kept: KeptRows | None) -> Iterator[str]:
    """Yield what a reader should be careful of: first what people say, then what the run shows."""
    yield from terms.card.limits
    yield from verdict.notes
    slices = verdict.metrics[split][1:]
    few = [s for s in slices if s.examples < FEW_EXAMPLES]
    if few:
        named = ', '.join(f'{slice_text(s.slice)} ({s.examples})' for s in few[:6])
        more = f' and {len(few) - 6} more' if len(few) > 6 else ''
        yield f'Measured on fewer than {FEW_EXAMPLES} rows, so hardly known: {named}{more}.'
    if not slices:
        yield 'It was measured on the whole split only: groups may fare much worse.'
    loose = [f for f in terms.features if f not in terms.drift]
    if loose and terms.drift:
        yield f'Drift of the data is not bounded for: {", ".join(loose)}.'
    elif loose:
        yield 'Drift of the data is not bounded: nothing stops a run on data that has changed.'
    if kept and kept[1].kept < kept[1].rows:
        yield (
            f'Intervals and gaps are from a sample of {kept[1].kept:,} of {kept[1].rows:,} rows.'
        )


def _input(described: Mapping[str, Any]) -> Row:
    values = ''
    if described.get('values'):
        listed = [str(v['value']) for v in described['values']]
        more = len(listed) > VALUES_SHOWN or not described.get('complete', True)
        values = ', '.join(listed[:VALUES_SHOWN]) + (', …' if more else '')
    elif described.get('range'):
        span = described['range']
        values = f'{number(span["min"])} to {number(span["max"])}, median {number(span["median"])}'
    return {
        'name': described['name'],
        'type': described['type'],
        'unit': described.get('unit') or '',
        'values': values,
        'missing': 'required' if described.get('required') else percent(described.get('missing')),
    }


def _calls(terms: CardTerms, description: Mapping[str, Any]) -> dict[str, str]:
    """Return ways to call the model: language -> text; with a real row where one is kept."""
    url = f'{SERVER}/v1/models/{terms.name}:predict'
    if description.get('input') == 'picture':
        return {
            'shell': (
                f'echo \'{{"instances": [{{"b64": "\'$(base64 -w0 picture.jpg)\'"}}]}}\' |\n'
                f'  curl -s {url} -d @-'
            ),
            'python': (
                'import base64, json, urllib.request\n\n'
                "picture = base64.b64encode(open('picture.jpg', 'rb').read()).decode()\n"
                "body = json.dumps({'instances': [{'b64': picture}]}).encode()\n"
                f"with urllib.request.urlopen('{url}', body) as answer:\n"
                "    print(json.load(answer)['predictions'][0])"
            ),
        }
    examples: Sequence[Mapping[str, Any]] = description.get('examples') or ()
    if examples:
        row = {k: v for k, v in examples[0]['inputs'].items() if v is not None}
    else:
        row = {i['name']: None for i in description.get('inputs', ())}
    body = json.dumps({'instances': [row]}, ensure_ascii=False)
    escaped = body.replace("'", "'\\''")
    return {
        'shell': f"curl -s {url} -d '{escaped}'",
        'python': (
            'import json, urllib.request\n\n'
            f'row = {row!r}\n'
            "body = json.dumps({'instances': [row]}).encode()\n"
            f"with urllib.request.urlopen('{url}', body) as answer:\n"
            "    print(json.load(answer)['predictions'][0])"
        ),
    }


def _bound(bound: Bound) -> str:
    texts = [
        f'{name} {number(limit)}'
        for name, limit in (('min', bound.min), ('max', bound.max))
        if limit is not None
    ]
    if bound.no_worse_than_baseline_by is not None:
        texts.append(f'within {number(bound.no_worse_than_baseline_by)} of the model before')
    return ', '.join(texts)


def _interval(ends: Interval | None) -> str:
    if ends is None or any(map(math.isnan, ends)):
        return ''
    return f'{number(ends[0])} to {number(ends[1])}'
