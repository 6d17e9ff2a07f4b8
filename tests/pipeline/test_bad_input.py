"""Bad data and bad places: one clear line, a non-zero exit, and nothing lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from tests.pipeline.conftest import Project


def sluice(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def rows(project: Project) -> list[list[str]]:
    return [line.split(',') for line in project.table.read_text().splitlines()]


def write(project: Project, table: list[list[str]]) -> None:
    project.table.write_text('\n'.join(map(','.join, table)) + '\n')


class TestBeforeAnythingRuns:
    """What is found within a second or two, before TFX is loaded."""

    @pytest.mark.parametrize(
        ('override', 'line'),
        [
            ('data.local.city.sales.houses=nowhere.csv', 'nowhere.csv: no such file'),
            ('data.local.city.sales.houses=empty.csv', 'empty.csv: the file is empty'),
            ('data.local.city.sales.houses=header.csv', 'header.csv: the table has no rows'),
            (
                'data.local.city.sales.houses=ragged.csv',
                'ragged.csv, line 3: expected 4 columns, found 2',
            ),
            ('data.query=SELECT price FROM', 'SQL line 1'),
            (
                'data.query=SELECT prise, area, rooms, town FROM `city.sales.houses`',
                'unknown column `prise` (did you mean `price`?)',
            ),
            (
                'data.query=SELECT price, area, rooms, town, DATE "2020-01-01" AS d '
                'FROM `city.sales.houses`',
                'column d is DATE, which tf.Example cannot hold',
            ),
            (
                'data.query=SELECT price, area, rooms, town, RAND() AS r FROM `city.sales.houses`',
                'RAND gives other values on every run',
            ),
            ('features.twon=categorical', "did you mean 'town'?"),
        ],
    )
    def test_one_line_and_exit_2(self, project: Project, override: str, line: str) -> None:
        (project.folder / 'empty.csv').touch()
        (project.folder / 'header.csv').write_text('price,area,rooms,town\n')
        (project.folder / 'ragged.csv').write_text('price,area,rooms,town\n1,2,3,a\n1,2\n4,5,6,b\n')
        result = sluice('run', str(project.recipe), '--set', override)
        assert result.exit_code == 2
        assert line in result.stderr
        assert result.stderr.count('\n') == 1
        assert not (project.folder / '.sluice').exists()

    def test_a_store_in_a_bad_place(self, project: Project) -> None:
        result = sluice('run', str(project.recipe), '--store', str(project.table / 'store'))
        assert result.exit_code == 1
        assert 'houses.csv/store: cannot write the run store here' in result.stderr
        assert result.stderr.count('\n') == 1


@pytest.mark.slow
@pytest.mark.e2e
class TestInARun:
    """What only the data, or the disk, can tell."""

    def test_a_label_that_is_missing(self, project: Project) -> None:
        table = rows(project)
        table[5][0] = table[9][0] = ''
        write(project, table)
        query = 'data.query=SELECT price, area, rooms, town FROM `city.sales.houses`'
        run = project.run(query)
        assert run.state == 'failed'
        assert run.step('DataGate').state == 'failed'
        assert run.error is not None
        assert 'price' in run.error
        assert 'WHERE price IS NOT NULL' in run.error
        assert run.step('Transform').state == 'pending'

    def test_a_column_that_is_all_null(self, project: Project) -> None:
        header, *table = rows(project)
        write(project, [header, *([price, '', *rest] for price, _, *rest in table)])
        query = (
            'data.query=SELECT price, CAST(area AS FLOAT64) AS area, rooms, town '
            'FROM `city.sales.houses`'
        )
        run = project.run(query, 'data.split.by=[rooms,town,price]')
        assert run.state == 'failed'
        assert run.error is not None
        assert 'area' in run.error

    def test_a_label_of_one_class(self, project: Project) -> None:
        query = (
            "data.query=SELECT 'yes' AS price, area, rooms, town FROM `city.sales.houses` "
            'WHERE price > 0'
        )
        gate = 'gate={metrics: {auc: {min: 0.5}}}'
        run = project.run(query, 'task=binary', gate)
        assert run.state == 'failed'
        assert run.step('DataGate').state == 'failed'
        assert run.error is not None
        assert 'price' in run.error
        assert 'yes' in run.error

    def test_a_split_without_rows(self, project: Project) -> None:
        run = project.run('data.split.by=[town]', 'data.split.into={train: 98, eval: 1, test: 1}')
        assert run.state == 'failed'
        assert run.error is not None
        assert 'no rows in split' in run.error
        assert 'train' in run.error

    def test_a_place_to_push_that_is_a_file(self, project: Project) -> None:
        run = project.run(f'push.local={project.table}')
        assert run.state == 'failed'
        assert run.step('Pusher').state == 'failed'
        assert run.error is not None
        assert 'houses.csv' in run.error
        mended = project.run()
        assert mended.step('Evaluator').state == 'cached'
        assert mended.pushed is not None

    def test_a_full_disk(self, project: Project, small_disk: Path) -> None:
        command = ['run', str(project.recipe), '--store', str(small_disk / 'store')]
        result = subprocess.run(
            [sys.executable, '-m', 'pipeline', *command],
            env=os.environ | {'PYTHONPATH': str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 1
        assert 'no space left on the disk; free some' in result.stdout + result.stderr
        assert 'Traceback' not in result.stdout + result.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for the store's metadata, not for a run."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', str(folder)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip('cannot mount a small file system here')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)
