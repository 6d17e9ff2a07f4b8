"""The embedded default is shaped like the real table, and as hard to learn."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recipes.samples import margins, natality

SAMPLE = Path(natality.__file__).with_name('natality.parquet')
# As BigQuery shows the table's schema.
DOCUMENTED = """
source_year INTEGER, year INTEGER, month INTEGER, day INTEGER, wday INTEGER, state STRING,
is_male BOOLEAN, child_race INTEGER, weight_pounds FLOAT, plurality INTEGER, apgar_1min INTEGER,
apgar_5min INTEGER, mother_residence_state STRING, mother_race INTEGER, mother_age INTEGER,
gestation_weeks INTEGER, lmp STRING, mother_married BOOLEAN, mother_birth_state STRING,
cigarette_use BOOLEAN, cigarettes_per_day INTEGER, alcohol_use BOOLEAN, drinks_per_week INTEGER,
weight_gain_pounds INTEGER, born_alive_alive INTEGER, born_alive_dead INTEGER, born_dead INTEGER,
ever_born INTEGER, father_race INTEGER, father_age INTEGER, record_weight INTEGER
"""
ARROW = {
    'INTEGER': pa.int64(),
    'FLOAT': pa.float64(),
    'BOOLEAN': pa.bool_(),
    'STRING': pa.string(),
}


@pytest.fixture(scope='module')
def table() -> pa.Table:
    return pq.read_table(SAMPLE)


@pytest.fixture(scope='module')
def rows(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    frame['grams'] = frame['weight_pounds'] / margins.POUNDS_PER_GRAM
    return frame


def test_has_the_real_tables_columns_and_types(table: pa.Table) -> None:
    documented = [column.split() for column in DOCUMENTED.split(',')]
    assert table.schema.names == [name for name, _ in documented]
    assert table.schema.types == [ARROW[kind] for _, kind in documented]
    assert [field.name for field in table.schema if not field.nullable] == [
        'source_year',
        'is_male',
    ]


def test_says_that_it_is_synthetic() -> None:
    metadata = pq.read_metadata(SAMPLE).metadata
    assert metadata[b'synthetic'] == b'true'
    assert metadata[b'version'] == natality.VERSION.encode()


def test_is_small_and_whole(table: pa.Table) -> None:
    assert SAMPLE.stat().st_size < 1_500_000
    assert table.num_rows == 50_000


def test_is_what_the_script_makes(table: pa.Table) -> None:
    assert table.equals(natality.births(), check_metadata=True)


def test_one_seed_gives_one_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ('first', 'second', 'other')]
    for file, seed in zip(files, (7, 7, 8), strict=True):
        natality.write(natality.births(rows=500, seed=seed), file)
    first, second, other = (file.read_bytes() for file in files)
    assert first == second
    assert first != other


def test_years_and_days_follow_the_calendar(rows: pd.DataFrame) -> None:
    births = np.asarray(margins.BIRTHS)
    shares = rows['year'].value_counts(normalize=True).sort_index()
    assert shares.index.tolist() == list(range(2001, 2009))
    assert shares.to_numpy() == pytest.approx(births / births.sum(), abs=0.006)
    months = rows['month'].value_counts(normalize=True).sort_index()
    assert months.to_numpy() == pytest.approx(np.asarray(margins.MONTHS) / 100, abs=0.006)
    weekdays = rows['wday'].value_counts(normalize=True).sort_index()
    assert weekdays.to_numpy() == pytest.approx(np.asarray(margins.WEEKDAYS) / 100, abs=0.007)


def test_last_menses_are_as_many_weeks_before_the_month_of_birth(rows: pd.DataFrame) -> None:
    dated = rows[rows['gestation_weeks'].notna()]
    menses = pd.to_datetime(dated['lmp'], format='%m%d%Y')
    first = pd.to_datetime({'year': dated['year'], 'month': dated['month'], 'day': 1})
    earliest = menses + pd.to_timedelta(7 * dated['gestation_weeks'], unit='D')
    assert (earliest + pd.Timedelta(days=6) >= first).all()
    assert (earliest < first + pd.offsets.MonthBegin()).all()
    assert (rows.loc[rows['gestation_weeks'].isna(), 'lmp'] == '99999999').all()


# Sources as in `margins`; weights and preterm births from CHUSA 2010 and NVSR 2005.
@pytest.mark.parametrize(
    ('mean_of', 'published', 'tolerance'),
    [
        ('is_male', 0.512, 0.007),
        ('weight_pounds', 7.24, 0.04),
        ('grams < 2500', 0.082, 0.008),
        ('grams < 1500', 0.015, 0.003),
        ('gestation_weeks < 37', 0.127, 0.006),
        ('gestation_weeks < 32', 0.020, 0.003),
        ('plurality == 2', 0.0322, 0.003),
        ('plurality > 2', 0.0015, 0.0007),
        ('mother_age < 20', 0.103, 0.006),
        ('mother_age >= 35', 0.142, 0.006),
        ('mother_race == 2', 0.148, 0.006),
        ('not mother_married', 0.368, 0.02),
        ('ever_born == 1', 0.391, 0.01),
        ('apgar_5min >= 7', 0.987, 0.002),
        ('father_age == 99', 0.13, 0.01),
    ],
)
def test_margins_are_the_published_ones(
    rows: pd.DataFrame, mean_of: str, published: float, tolerance: float
) -> None:
    column = mean_of.removeprefix('not ').split()[0]
    known = rows[rows[column].notna()]
    assert known.eval(mean_of).mean() == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(
    ('column', 'published', 'tolerance'),
    [
        ('cigarette_use', 0.107, 0.008),
        ('weight_gain_pounds', 30.5, 0.8),
    ],
)
def test_margins_of_columns_with_gaps(
    rows: pd.DataFrame, column: str, published: float, tolerance: float
) -> None:
    assert rows[column].dropna().astype(float).mean() == pytest.approx(published, abs=tolerance)


@pytest.mark.parametrize(
    ('plurality', 'grams', 'weeks'), [(1, 3332, 38.8), (2, 2347, 35.3), (3, 1687, 32.2)]
)
def test_multiple_births_are_early_and_light(
    rows: pd.DataFrame, plurality: int, grams: float, weeks: float
) -> None:
    here = rows[rows['plurality'] == plurality]
    assert here['grams'].mean() == pytest.approx(grams, rel=0.05)
    assert here['gestation_weeks'].mean() == pytest.approx(weeks, abs=0.6)


def test_weights_are_whole_grams(rows: pd.DataFrame) -> None:
    grams = rows['grams'].dropna().to_numpy()
    assert np.abs(grams - np.rint(grams)).max() < 1e-6
    assert grams.min() >= margins.GRAMS_AT_LEAST


def test_values_are_missing_where_they_are_in_the_real_table(rows: pd.DataFrame) -> None:
    missing = rows.isna().mean()
    assert missing['gestation_weeks'] == pytest.approx(0.0071, abs=0.0015)
    assert 0.0002 < missing['weight_pounds'] < 0.0012
    assert 0.001 < missing['mother_age'] < 0.003
    assert rows['state'].isna().equals(rows['year'] > 2004)
    assert rows.loc[rows['year'] < 2003, 'cigarette_use'].isna().all()
    assert rows.loc[rows['state'] == 'CA', 'weight_gain_pounds'].isna().all()
    everywhere = {name for name, share in missing.items() if share == 1}
    assert everywhere == {
        'day',
        'child_race',
        'apgar_1min',
        'mother_birth_state',
        'cigarettes_per_day',
        'alcohol_use',
        'drinks_per_week',
        'born_alive_alive',
        'born_alive_dead',
        'born_dead',
        'father_race',
    }


def _root_mean_square(residuals: np.ndarray) -> float:
    return float(np.sqrt(np.mean(residuals**2)))


def _residuals(target: np.ndarray, *columns: Any) -> np.ndarray:
    """What least squares on `columns`, numbers or tables of indicators, leaves."""
    table = np.column_stack([np.ones(len(target)), *columns]).astype(float)
    return target - table @ np.linalg.lstsq(table, target, rcond=None)[0]


def test_learning_pays_as_it_does_on_the_real_table(rows: pd.DataFrame) -> None:
    # Real births of the same years: 1.33 lb, 1.07 and 1.03.
    needed = ['weight_pounds', 'gestation_weeks', 'mother_age']
    known = rows.dropna(subset=needed)
    pounds = known['weight_pounds'].to_numpy()
    others = [known['is_male'], known['mother_age'], known['plurality']]
    mean = _root_mean_square(_residuals(pounds))
    linear = _root_mean_square(_residuals(pounds, known['gestation_weeks'], *others))
    by_week = _root_mean_square(
        _residuals(pounds, pd.get_dummies(known['gestation_weeks']), *others)
    )
    assert 1.28 < mean < 1.38
    assert 0.95 < by_week < linear < 1.12
    assert mean - linear > 0.15
    assert linear - by_week > 0.02  # weight is not linear in weeks


@pytest.mark.parametrize(
    ('condition', 'pounds'),
    [('cigarette_use == True', -0.35), ('ever_born == 1', -0.25), ('is_male', 0.29)],
)
def test_what_moves_weight(rows: pd.DataFrame, condition: str, pounds: float) -> None:
    columns = ['weight_pounds', 'gestation_weeks', 'cigarette_use', 'weight_gain_pounds']
    known = rows.dropna(subset=columns)
    weeks = pd.get_dummies(known['gestation_weeks'])
    weight = _residuals(known['weight_pounds'].to_numpy(), weeks)
    has = known.eval(condition).to_numpy(dtype=bool)
    assert weight[has].mean() - weight[~has].mean() == pytest.approx(pounds, abs=0.08)
