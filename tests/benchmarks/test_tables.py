from pathlib import Path

import pytest

from benchmarks import natality, tables
from pipeline.loading import check_against_data, load_recipe

STEPS = dict.fromkeys(tables.SHOWN, 1.0)


def test_the_same_births_every_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(natality, '_CHUNK', 100)
    for name in ('one.csv', 'other.csv'):
        natality.write_table(tmp_path / name, 250)
    lines = (tmp_path / 'one.csv').read_text().splitlines()
    assert lines == (tmp_path / 'other.csv').read_text().splitlines()
    assert lines[0] == 'year,month,weight_pounds,is_male,mother_age,plurality,gestation_weeks'
    assert len(lines) == len(set(lines)) == 251


def test_the_recipe_fits_the_table(tmp_path: Path) -> None:
    natality.write_table(tmp_path / 'natality.csv', 1_000)
    recipe = tmp_path / 'natality.yaml'
    natality.write_recipe(recipe, tmp_path / 'natality.csv', tmp_path / 'served')
    columns = check_against_data(recipe, load_recipe(recipe))
    assert isinstance(columns, dict)
    assert columns['is_male'] == 'STRING'
    loaded = load_recipe(recipe)
    assert (loaded.label, loaded.train.batch_size) == (natality.LABEL, natality.BATCH_SIZE)
    assert tuple(s.by[0] for s in loaded.gate.slices) == natality.SLICES


def test_steps_are_summed_up_by_what_they_do() -> None:
    named = tables._named({'CsvExampleGen': 5, 'SchemaGen': 1, 'Pusher': 2, 'Trainer': 4}, 20)
    assert named['ingest'] == 5
    assert named['other steps'] == 3
    assert named['training'] == 4
    assert named['start-up'] == 8


def test_the_page_compares_what_there_is() -> None:
    section = tables.section(
        {
            'table-5000-sluice': {'steps': STEPS, 'seconds': 10.0, 'peak_bytes': 2**30},
            'table-5000-stock-memory': {
                'steps': STEPS | {'ingest': 7.0}, 'seconds': 45.0, 'peak_bytes': 2**31,
            },
            'table-100000-sluice': {'failed': 'ended with 1; see a.log'},
        }
    )  # fmt: skip
    assert '| ingest | 1.0 s | 7.0 s | 7.0 |' in section
    assert '| **total** | 10.0 s | 45.0 s | 4.5 |' in section
    assert '| peak memory | 1.0 GiB | 2.0 GiB | |' in section
    assert 'Sluice: ended with 1; see a.log' in section
    assert '1,000,000' not in section
