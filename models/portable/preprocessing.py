"""What stands between a row and a network's inputs, found out from the served model itself.

Settings say what is done with a column, but not with which numbers: those were learnt, and are
constants of a graph. They are read off its answers, of the signature `preprocessing`.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from transforms.features import (
    Categorical,
    Cross,
    Date,
    Feature,
    Hashed,
    Numeric,
    TransformConfig,
    output_names,
)

HALVINGS = 60
"""Steps that bring a bucket's boundary to the precision of a float64."""

GRID = 4096
"""Values that are tried for boundaries between, before they are brought nearer."""

Probe = Callable[[str, np.ndarray], Mapping[str, np.ndarray]]
"""Gives the network's inputs for values of one column, all others missing."""

Entry = dict[str, Any]


def describe_preprocessing(
    config: TransformConfig, ranges: Mapping[str, tuple[float, float]], path: Path, probe: Probe
) -> dict[str, Entry]:
    """Describe how each of the network's inputs is made.

    Args:
        config: what the preprocessing was made from.
        ranges: numeric column -> its smallest and largest value.
        path: the SavedModel, whose assets are the vocabularies.
        probe: the model's own preprocessing.

    Returns:
        Input -> `from` (columns), `how` (in words, with all numbers), and the numbers by name.
    """
    entries: dict[str, Entry] = {}
    for name, feature in config.features.items():
        entries |= _of_feature(name, feature, ranges, path, probe)
    for cross in config.crosses:
        entries[cross.name] = _of_cross(cross, config, entries)
    return entries


def _of_feature(
    name: str,
    feature: Feature,
    ranges: Mapping[str, tuple[float, float]],
    path: Path,
    probe: Probe,
) -> dict[str, Entry]:
    match feature:
        case Numeric():
            made = _of_number(name, feature, ranges[name], probe)
        case Categorical():
            made = {name: _of_category(name, feature, path)}
        case Hashed():
            buckets = feature.hash_buckets
            how = f'0 if missing, else 1 + (FarmHash Fingerprint64 of the text) mod {buckets}'
            made = {name: {'how': how, 'ids': buckets + 1}}
        case Date():
            made = {output: _of_date(output, name, path) for output in output_names(name, feature)}
    return {output: {'from': [name], **entry} for output, entry in made.items()}


def _of_number(
    name: str, feature: Numeric, ends: tuple[float, float], probe: Probe
) -> dict[str, Entry]:
    low, high = ends if ends[0] < ends[1] else (ends[0], ends[0] + 1)
    answers = probe(name, np.array([low, high, np.nan]))
    first, last, fill = (float(v) for v in answers[name].reshape(-1)[:3])
    measured = [_measure(x) if feature.scale == 'log' else x for x in (low, high)]
    spread = (measured[1] - measured[0]) / (last - first)
    offset = measured[0] - first * spread
    x = 'sign(x) ln(1 + |x|)' if feature.scale == 'log' else 'x'
    scaled = {
        'how': f'({x} - {offset:.7g}) / {spread:.7g}; if missing, {fill:.7g}',
        'log': feature.scale == 'log', 'offset': offset, 'spread': spread, 'missing': fill,
    }  # fmt: skip
    made = {name: scaled}
    flag = f'{name}_missing'
    if flag in answers:
        mark = float(answers[flag].reshape(-1)[2])
        made[flag] = {'how': f'{mark:g} if missing, else 0', 'missing': mark}
    bucket = f'{name}_bucket'
    if bucket in answers:
        boundaries = list(feature.boundaries or ()) or _boundaries(
            lambda values: probe(name, values)[bucket], low, high
        )
        shown = ', '.join(f'{b:.7g}' for b in boundaries)
        made[bucket] = {
            'how': f'0 if missing, else 1 + how many of these are not above x: {shown}',
            'boundaries': boundaries,
            'ids': len(boundaries) + 2,
        }
    return made


def _measure(x: float) -> float:
    return float(np.sign(x) * np.log1p(abs(x)))


def _boundaries(bucket: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> list[float]:
    """Return the smallest value of each bucket but the first, between two ends."""
    margin = (high - low) or 1.0
    grid = np.linspace(low - margin, high + margin, GRID)
    ids = bucket(grid).reshape(-1)
    found = []
    for place in np.flatnonzero(np.diff(ids)):
        for step in range(int(ids[place]), int(ids[place + 1])):
            below, above = grid[place], grid[place + 1]
            for _ in range(HALVINGS):
                middle = (below + above) / 2
                if bucket(np.array([middle])).reshape(-1)[0] > step:
                    above = middle
                else:
                    below = middle
            found.append(float(above))
    return found


def _of_category(name: str, feature: Categorical, path: Path) -> Entry:
    vocabulary = _vocabulary(name, path)
    others = (
        f'{len(vocabulary) + 1} for any other'
        if feature.oov == 1
        else f'{len(vocabulary) + 1} + (FarmHash Fingerprint64 of the text) mod {feature.oov} for '
        'any other'
    )
    how = f'0 if missing, its place in the vocabulary from 1, {others}'
    ids = len(vocabulary) + feature.oov + 1
    return {'how': how, 'vocabulary': vocabulary, 'ids': ids}


def _vocabulary(name: str, path: Path) -> list[str]:
    file = path / 'assets' / f'{name}_vocabulary'
    return file.read_text(encoding='utf-8').splitlines() if file.is_file() else []


def _of_date(output: str, name: str, path: Path) -> Entry:
    part = output.removeprefix(f'{name}_')
    how = {
        'days': 'days since 1970-01-01, scaled as learnt',
        'missing': '1 if missing or no date, else 0',
        'weekday': '0 if missing, else 1 for Monday to 7 for Sunday',
        'month': '0 if missing, else 1 to 12',
        'day': '0 if missing, else 1 to 31',
        'hour': '0 if missing, else 1 + the hour, 0 to 23',
        'year': '0 if missing, its place in the vocabulary from 1, one more for any other',
    }[part]
    return {'how': how, 'vocabulary': _vocabulary(name, path)} if part == 'year' else {'how': how}


def _of_cross(cross: Cross, config: TransformConfig, entries: Mapping[str, Entry]) -> Entry:
    members = [
        f'{name}_bucket' if isinstance(config.features[name], Numeric) else name
        for name in cross.of
    ]
    sizes = [entries[member]['ids'] for member in members]
    number = members[0]
    for member, size in zip(members[1:], sizes[1:], strict=True):
        number = (
            f'({number}) * {size} + {member}' if ' ' in number else f'{number} * {size} + {member}'
        )
    fits = math.prod(sizes) - 1 <= cross.hash_buckets
    how = number if fits else f'1 + (FarmHash Fingerprint64 of the digits of {number}) mod '
    if not fits:
        how += f'{cross.hash_buckets}; 0 if all of {", ".join(members)} are 0'
    return {'from': list(cross.of), 'how': how, 'members': members, 'sizes': sizes}
