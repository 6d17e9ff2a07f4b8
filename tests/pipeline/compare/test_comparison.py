import json
import math

import pytest
from click.testing import CliRunner

from components.evaluator.slice_intervals import WHOLE
from pipeline.cli import main
from pipeline.compare.comparison import ComparisonError, compare
from pipeline.compare.page import render
from pipeline.compare.recipe_changes import ABSENT, changes
from pipeline.results import Results
from tests.pipeline.kept_run import census, houses, store_in, write_run


@pytest.fixture
def store(tmp_path):
    return store_in(tmp_path)


def _pair(store, **options):
    write_run(store, 'census-1', census(1), settings={'epochs': 3}, **options)
    write_run(store, 'census-2', census(2, 0.4), minute=1, settings={'epochs': 6})


def _results(store, *names):
    return [Results(store.runs.find(name)) for name in names]


def test_metrics_by_slice_are_compared_with_the_first_run(store):
    _pair(store)
    found = compare(_results(store, 'census-1', 'census-2'), [])
    assert {r.slice for r in found.rows} == {WHOLE, 'sex=f', 'sex=m'}
    for row in found.rows:
        first, second = row.cells
        assert first.difference is None
        assert second.difference.value == pytest.approx(second.value - first.value)
        assert first.interval[0] < first.value < first.interval[1]
    auc = next(r for r in found.rows if r.slice == WHOLE and r.metric == 'auc')
    assert auc.cells[1].difference.significant
    assert 'evaluated on the same 600 rows, so tests are paired' in found.notes[0]


def test_other_rows_are_not_paired_and_that_is_said(store):
    write_run(store, 'census-1', census(1))
    write_run(store, 'census-2', census(1).slice(100), minute=1)
    found = compare(_results(store, 'census-1', 'census-2'), [])
    assert found.rows[0].cells[1].difference.test == 'z, different rows'
    assert '500 rows are the same of 600 and 500' in found.notes[0]


def test_a_run_without_kept_rows_shows_what_was_reported(store):
    _pair(store, keep=False)
    found = compare(_results(store, 'census-1', 'census-2'), [])
    first, second = found.rows[0].cells
    assert not math.isnan(first.value)
    assert math.isnan(first.interval[0])
    assert second.difference is None
    assert 'kept no predictions' in found.notes[0]
    assert 'nothing to test' in render(found)


def test_runs_of_different_tasks_have_nothing_in_common(store):
    write_run(store, 'census-1', census(1))
    write_run(store, 'houses-1', houses(1), by=('town',))
    with pytest.raises(ComparisonError, match='census-1 is a binary task and houses-1 a regress'):
        compare(_results(store, 'census-1', 'houses-1'), [])


def test_recipes_are_compared_key_by_key():
    one = {'a': 1, 'b': {'c': [1, 2], 'd': 'same'}, 'e': [{'f': 1}]}
    other = {'a': 1, 'b': {'c': [1, 3], 'd': 'same'}, 'e': [{'f': 2}, {'f': 3}]}
    found = {c.key: c.values for c in changes([one, other])}
    assert found == {'b.c': ([1, 2], [1, 3]), 'e.0.f': (1, 2), 'e.1.f': (ABSENT, 3)}
    assert changes([one, one]) == []


def _invoke(store, *arguments):
    return CliRunner().invoke(main, ['compare', *arguments, '--store', str(store.folder)])


def test_the_command_shows_recipes_metrics_and_tests(store):
    _pair(store)
    answer = _invoke(store, 'census-1', 'census-2')
    assert answer.exit_code == 0, answer.output
    lines = [' '.join(line.split()) for line in answer.output.splitlines()]
    assert 'epochs 3 6' in lines
    assert any(line.startswith('sex=f auc') and 'DeLong, paired' in line for line in lines)
    assert not any(line.startswith('sex=f f1') for line in lines)
    every = _invoke(store, 'census-1', 'census-2', '--metric', 'all').output
    assert any(line.split()[:2] == ['sex=f', 'f1'] for line in every.splitlines())


def test_the_page_is_whole_and_needs_nothing_else(store, tmp_path):
    _pair(store)
    page = tmp_path / 'page.html'
    assert _invoke(store, 'census-1', 'census-2', '--html', str(page)).exit_code == 0
    text = page.read_text()
    assert 'B is better than A: auc by ' in text
    assert 'http://' not in text.replace('http://www.w3.org', '')
    assert 'https://' not in text
    assert len(text) < 1_600_000


def test_json_has_no_number_that_json_has_not(store):
    _pair(store)
    answer = _invoke(store, 'census-1', 'census-2', '--json')
    found = json.loads(answer.output, parse_constant=lambda name: pytest.fail(name))
    assert found['same_rows'] == [True]
    assert found['recipe'] == [{'key': 'epochs', 'values': [3, 6]}]
    assert found['metrics'][0]['runs'][1]['difference']['test'] == 'DeLong, paired'


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['census-1'], 'name two runs or more'),
        (['census-1', 'nope'], "no run 'nope'"),
        (['census-1', 'census-2', '--metric', 'acu'], "did you mean 'auc'"),
    ],
)
def test_what_cannot_be_compared_is_one_line(store, arguments, message):
    _pair(store)
    answer = _invoke(store, *arguments)
    assert answer.exit_code == 2
    assert message in answer.output
    assert len(answer.output.splitlines()) == 1
