"""Make `natality.parquet`: SYNTHETIC births shaped like BigQuery's natality table.

No row is a person's. Each is drawn at random from the published figures in `margins.py`, into the
columns of `bigquery-public-data.samples.natality` for 2001 to 2008, so that the default recipe has
a table to run on with no cloud, and a task as hard as the real one: predicting the mean misses by
about 1.3 lb, a good model by about 1.0 lb. Say nothing about births from it.

    python -m recipes.samples.natality recipes/samples/natality.parquet

Columns that the real table leaves empty in these years, or that there is no margin for, are NULL.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from recipes.samples import margins
from recipes.samples.margins import BLACK

VERSION = '1'
ROWS = 50_000
SEED = 2001

Bools = npt.NDArray[np.bool_]
Days = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Columns, order, types and which are REQUIRED, as the BigQuery table documents them.
SCHEMA = pa.schema(
    [
        pa.field('source_year', pa.int64(), nullable=False),
        ('year', pa.int64()),
        ('month', pa.int64()),
        ('day', pa.int64()),
        ('wday', pa.int64()),
        ('state', pa.string()),
        pa.field('is_male', pa.bool_(), nullable=False),
        ('child_race', pa.int64()),
        ('weight_pounds', pa.float64()),
        ('plurality', pa.int64()),
        ('apgar_1min', pa.int64()),
        ('apgar_5min', pa.int64()),
        ('mother_residence_state', pa.string()),
        ('mother_race', pa.int64()),
        ('mother_age', pa.int64()),
        ('gestation_weeks', pa.int64()),
        ('lmp', pa.string()),
        ('mother_married', pa.bool_()),
        ('mother_birth_state', pa.string()),
        ('cigarette_use', pa.bool_()),
        ('cigarettes_per_day', pa.int64()),
        ('alcohol_use', pa.bool_()),
        ('drinks_per_week', pa.int64()),
        ('weight_gain_pounds', pa.int64()),
        ('born_alive_alive', pa.int64()),
        ('born_alive_dead', pa.int64()),
        ('born_dead', pa.int64()),
        ('ever_born', pa.int64()),
        ('father_race', pa.int64()),
        ('father_age', pa.int64()),
        ('record_weight', pa.int64()),
    ]
)


def births(rows: int = ROWS, seed: int = SEED) -> pa.Table:
    """Make a table of synthetic births.

    Args:
        rows: How many.
        seed: The same seed and rows give the same table.

    Returns:
        A table with `SCHEMA`, whose metadata says that it is synthetic.
    """
    rng = np.random.default_rng(seed)
    born = _dates(rng, rows)
    year, month, weekday = _calendar(born)
    state = np.asarray(list(margins.STATES))[_draw(rng, list(margins.STATES.values()), rows)]
    male = rng.random(rows) < margins.MALE
    race = np.asarray(list(margins.RACES))[_draw(rng, list(margins.RACES.values()), rows)]
    age = _mother_ages(rng, race)
    age_group = _group(age, margins.AGE_EDGES)
    unmarried = _unmarried(rng, year, age_group, race)
    smokes = _smokes(rng, age_group, race)
    order = _orders(rng, age)
    gain = np.interp(rng.random(rows), margins.GAIN_SHARES, margins.GAIN_POUNDS)
    plurality = _pluralities(rng, age)
    week = _gestations(rng, plurality, race)
    effect = (
        margins.SMOKING_EFFECT * smokes
        + margins.FIRST_BIRTH_EFFECT * (order == 1)
        + margins.EFFECT_OF_A_POUND_GAINED * gain
        + _look_up(race, margins.RACE_EFFECTS, margins.ASIAN_EFFECT)
        + _look_up(plurality, margins.PLURALITY_EFFECTS, 0.0)
    )
    grams = _grams(rng, week, male, plurality, effect)
    # Small babies score lower; how much is assumed.
    apgar = _by_rank(grams / 1000 + rng.standard_normal(rows), margins.APGAR)

    week_unknown = rng.random(rows) < margins.GESTATION_UNKNOWN
    menses = born - (7 * week + rng.integers(0, 7, rows)).astype('timedelta64[D]')
    lmp = np.array([day.strftime('%m%d%Y') for day in menses.tolist()])
    state_unknown = year > margins.LAST_YEAR_WITH_STATE
    smoking_unknown = (
        (year < margins.SMOKING_FROM)
        | ((state == 'CA') & (year < margins.SMOKING_FROM_IN_CALIFORNIA))
        | ((state == 'FL') & (year > margins.SMOKING_UNTIL_IN_FLORIDA))
    )
    known = {
        'source_year': pa.array(year),
        'year': pa.array(year),
        'month': pa.array(month),
        'wday': pa.array(weekday),
        'state': pa.array(state, mask=state_unknown),
        'is_male': pa.array(male),
        'weight_pounds': pa.array(
            grams * margins.POUNDS_PER_GRAM, mask=rng.random(rows) < margins.WEIGHT_UNKNOWN
        ),
        'plurality': pa.array(plurality),
        'apgar_5min': pa.array(apgar, mask=rng.random(rows) < margins.APGAR_UNKNOWN),
        'mother_residence_state': pa.array(state, mask=state_unknown),
        'mother_race': pa.array(race),
        'mother_age': pa.array(age, mask=rng.random(rows) < margins.MOTHER_AGE_UNKNOWN),
        'gestation_weeks': pa.array(week, mask=week_unknown),
        'lmp': pa.array(np.where(week_unknown, '99999999', lmp)),
        'mother_married': pa.array(~unmarried),
        'cigarette_use': pa.array(smokes, mask=smoking_unknown),
        'weight_gain_pounds': pa.array(np.rint(gain).astype(np.int64), mask=state == 'CA'),
        'ever_born': pa.array(order),
        'father_age': pa.array(_father_ages(rng, age, unmarried)),
        'record_weight': pa.array(np.ones(rows, np.int64)),
    }
    columns = [known.get(field.name, pa.nulls(rows)).cast(field.type) for field in SCHEMA]
    about = {'synthetic': 'true', 'made_by': 'recipes/samples/natality.py', 'version': VERSION}
    return pa.table(columns, schema=SCHEMA.with_metadata(about | {'seed': str(seed)}))


def _dates(rng: np.random.Generator, rows: int) -> Days:
    """Draw days of birth by year, month and weekday."""
    end_year = margins.FIRST_YEAR + len(margins.BIRTHS)
    days = np.arange(f'{margins.FIRST_YEAR}-01-01', f'{end_year}-01-01', dtype='datetime64[D]')
    year, month, weekday = _calendar(days)
    shares = np.empty(len(days))
    for a_year, count in enumerate(margins.BIRTHS, margins.FIRST_YEAR):
        for a_month, percent in enumerate(margins.MONTHS, 1):
            here = (year == a_year) & (month == a_month)
            weights = np.asarray(margins.WEEKDAYS)[weekday[here] - 1]
            shares[here] = count * percent * weights / weights.sum()
    return days[_draw(rng, shares, rows)]


def _calendar(days: Days) -> tuple[Ints, Ints, Ints]:
    """Return years, months from 1, and weekdays from Sunday as 1."""
    months = days.astype('datetime64[M]').astype(np.int64)  # since January 1970
    weekday = (days.astype(np.int64) + 4) % 7 + 1  # 1 January 1970 was a Thursday
    return months // 12 + 1970, months % 12 + 1, weekday


def _mother_ages(rng: np.random.Generator, race: Ints) -> Ints:
    """Draw ages in years; black mothers are younger."""
    edges, years = margins.AGE_EDGES, np.arange(margins.AGE_EDGES[0], margins.AGE_EDGES[-1])
    group, black = _group(years, edges), race == BLACK
    others = _without(margins.AGES, margins.AGES_BLACK, black.mean())
    ages = np.empty(len(race), np.int64)
    for here, percent in ((black, np.asarray(margins.AGES_BLACK)), (~black, others)):
        # Within a group, shares run towards its neighbours', so that there are no steps.
        density = percent / np.diff(edges)
        at_edges = np.concatenate([[0], (density[1:] + density[:-1]) / 2, [0]])
        shares = np.interp(years + 0.5, edges, at_edges)
        shares *= (percent / np.bincount(group, shares))[group]
        ages[here] = years[_draw(rng, shares, int(here.sum()))]
    return ages


def _unmarried(rng: np.random.Generator, year: Ints, age_group: Ints, race: Ints) -> Bools:
    """Draw who is not married, from log odds that add up over age, race and year."""
    trend = (_log_odds(margins.UNMARRIED_2008) - _log_odds(margins.UNMARRIED_2003)) / 5
    by_race = _look_up(race, margins.UNMARRIED_BY_RACE, margins.UNMARRIED_ASIAN)
    log_odds = (
        _log_odds(margins.UNMARRIED_BY_AGE)[age_group]
        + _log_odds(by_race)
        - _log_odds(margins.UNMARRIED_2003)
        + trend * (year - 2003)
    )
    return rng.random(len(year)) < 1 / (1 + np.exp(-log_odds))


def _smokes(rng: np.random.Generator, age_group: Ints, race: Ints) -> Bools:
    """Draw who smokes, from ratios to the average that multiply over age and race."""
    by_age = np.asarray(margins.SMOKED_BY_AGE)[age_group]
    by_race = _look_up(race, margins.SMOKED_BY_RACE, margins.SMOKED_ASIAN)
    return rng.random(len(race)) < by_age * by_race / margins.SMOKED / 100


def _orders(rng: np.random.Generator, age: Ints) -> Ints:
    """Draw which of her births this is; how much it rises with age is assumed."""
    score = 0.35 * (age - age.mean()) / age.std() + rng.standard_normal(len(age))
    at_most = 1 + np.maximum(age - 14, 0) // 2
    return np.minimum(1 + _by_rank(score, margins.ORDERS), at_most)


def _father_ages(rng: np.random.Generator, age: Ints, unmarried: Bools) -> Ints:
    """Draw fathers' ages in years, from mothers'."""
    older = margins.FATHER_OLDER + margins.FATHER_OLDER_SD * rng.standard_normal(len(age))
    unknown = unmarried & (rng.random(len(age)) < margins.FATHER_UNKNOWN_IF_UNMARRIED)
    ages = np.maximum(age + np.rint(older).astype(np.int64), 14)
    return np.where(unknown, margins.UNKNOWN_AGE, ages)


def _pluralities(rng: np.random.Generator, age: Ints) -> Ints:
    """Draw how many were born together."""
    kinds, rates = list(margins.MULTIPLES), list(margins.MULTIPLES.values())
    relative = np.exp(margins.MULTIPLES_BY_YEAR_OF_AGE * age)
    multiple = rng.random(len(age)) < sum(rates) / 1000 * relative / relative.mean()
    return np.where(multiple, np.asarray(kinds)[_draw(rng, rates, len(age))], 1)


def _gestations(rng: np.random.Generator, plurality: Ints, race: Ints) -> Ints:
    """Draw weeks by plurality; single births to black mothers come early oftener."""
    weeks = np.arange(margins.WEEK_EDGES[0], margins.WEEK_EDGES[-1])
    group = _group(weeks, margins.WEEK_EDGES)
    within = np.asarray(margins.SINGLE_WEEKS) / np.bincount(group, margins.SINGLE_WEEKS)[group]
    everyone, early = np.asarray(margins.WEEKS[1]), len(margins.BLACK_RISKS)
    at_risk = everyone[:early] * margins.BLACK_RISKS
    at_term = everyone[early:] * (100 - at_risk.sum()) / everyone[early:].sum()
    blacks = np.concatenate([at_risk, at_term])
    black, single = race == BLACK, plurality == 1
    drawn = [
        (single & black, blacks),
        (single & ~black, _without(everyone, blacks, black[single].mean())),
        *((plurality == born, np.asarray(margins.WEEKS[born])) for born in margins.MULTIPLES),
    ]
    gestations = np.empty(len(race), np.int64)
    for here, percent in drawn:
        shares = percent[group] * within
        gestations[here] = weeks[_draw(rng, shares, int(here.sum()))]
    return gestations


def _grams(
    rng: np.random.Generator, week: Ints, male: Bools, plurality: Ints, effect: Floats
) -> Floats:
    """Draw weights in whole grams.

    Args:
        rng: The source of randomness.
        week: Weeks of gestation, as recorded.
        male: Whether the child is a boy.
        plurality: How many were born together.
        effect: What else moves each weight, as a share of it. Only differences within a week count.

    Returns:
        Grams, as scales that show ounces or grams give them.
    """
    mean, spread = _interpolate(week, margins.GROWTH)
    share, later_mean = _interpolate(week, margins.MISDATED)
    misdated = (plurality == 1) & (rng.random(len(week)) < share)
    mean = np.where(misdated, later_mean, mean) * margins.MEAN_OVER_2016
    spread = np.where(misdated, margins.MISDATED_SD, spread) * margins.SPREAD_OVER_2016

    # The mean and the spread are those of all births of a week: effects shift neither.
    count = np.maximum(np.bincount(week), 1)
    effect = effect - (np.bincount(week, effect) / count)[week]
    explained = mean**2 * (np.bincount(week, effect**2) / count)[week]
    noise = np.sqrt(spread**2 - explained) * rng.standard_normal(len(week))
    grams = (mean + noise) * (1 + effect) * np.where(male, margins.BOY, 1.0)

    ounces = rng.random(len(week)) < margins.WEIGHED_IN_OUNCES
    whole_ounces = np.rint(grams / margins.GRAMS_PER_OUNCE) * margins.GRAMS_PER_OUNCE
    grams = np.rint(np.where(ounces, whole_ounces, grams))
    return np.clip(grams, margins.GRAMS_AT_LEAST, margins.GRAMS_AT_MOST)


def _draw(rng: np.random.Generator, shares: npt.ArrayLike, size: int) -> Ints:
    """Draw indices into `shares`, which need not add up to one."""
    edges = np.cumsum(np.asarray(shares, np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side='right')


def _by_rank(score: Floats, shares: npt.ArrayLike) -> Ints:
    """Deal out indices into `shares`, the lowest to the lowest scores."""
    edges = np.cumsum(np.asarray(shares, np.float64))
    rank = np.argsort(np.argsort(score, kind='stable'), kind='stable')
    return np.searchsorted(edges / edges[-1], (rank + 0.5) / len(score), side='right')


def _group(values: Ints, edges: tuple[int, ...]) -> Ints:
    """Return the index of the edge at or below each value."""
    return np.searchsorted(edges, values, side='right') - 1


def _without(everyone: npt.ArrayLike, group: npt.ArrayLike, share: np.float64) -> Floats:
    """Return the percentages outside a group that is `share` of everyone."""
    return (np.asarray(everyone) - share * np.asarray(group)) / (1 - share)


def _look_up(values: Ints, table: dict[int, float], otherwise: float) -> Floats:
    """Return each value's entry in `table`."""
    found = np.full(len(values), otherwise, np.float64)
    for value, entry in table.items():
        found[values == value] = entry
    return found


def _interpolate(at: Ints, table: tuple[tuple[float, ...], ...]) -> list[Floats]:
    """Interpolate each column of `table` after its first, which says where."""
    where, *columns = np.asarray(table).T
    return [np.interp(at, where, column) for column in columns]


def _log_odds(percent: npt.ArrayLike) -> Floats:
    """Return log odds."""
    share = np.asarray(percent, np.float64) / 100
    return np.log(share / (1 - share))


def write(table: pa.Table, path: Path) -> None:
    """Write `table` as a small Parquet file.

    Raises:
        OSError: The file cannot be written.
    """
    pq.write_table(table, path, compression='zstd', compression_level=19)


def main() -> None:
    """Write the sample to the path on the command line."""
    parser = argparse.ArgumentParser(description='Write synthetic births as Parquet.')
    parser.add_argument('path', type=Path, help='the file to write')
    write(births(), parser.parse_args().path)


if __name__ == '__main__':
    main()
