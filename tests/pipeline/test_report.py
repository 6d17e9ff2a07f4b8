"""`sluice report`: the component's numbers with the run's own, found by the run's record."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import main
from pipeline.records import Run, Step
from pipeline.report import NoReportError, read_numbers, write_report
from pipeline.store import Store
from tests.components.report.reports import report_of


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / 'store')
    store.prepare()
    return store


def run_with_report(store: Store, name: str, model: str, baseline: str | None = None) -> Run:
    """Record a run whose Report step has left its numbers."""
    folder = store.folder / name
    folder.mkdir()
    report = report_of('regression', baseline=baseline is not None)
    if baseline:
        report['lineage']['artifacts']['baseline_model'] = baseline
    (folder / 'report.json').write_text(json.dumps(report), encoding='utf-8')
    run = Run(
        run=name,
        recipe='towns',
        recipe_file='gone.yaml',
        task='regression',
        state='done',
        rows={'train': len(name)},
        model=f'{model}/Format-Serving',
        steps=[
            Step(name='Trainer', state='done', seconds=61.0, fingerprint='abc'),
            Step(name='Report', state='done', artifacts={'report': [str(folder)]}),
        ],
    )
    store.runs.save(run)
    return run


def embedded(page: Path) -> dict:
    text = page.read_text(encoding='utf-8')
    (numbers,) = re.findall(r'type="application/json" id="report">(.*?)</script>', text)
    found: dict = json.loads(numbers)
    return found


def test_the_page_has_steps_and_what_changed_since_the_parent(store: Store) -> None:
    run_with_report(store, 'first', '/models/1')
    second = run_with_report(store, 'second-run', '/models/2', baseline='/models/1')
    recipe = 'name: towns\ntrain: {{epochs: {}}}\n'
    store.recipe('first').write_text(recipe.format(3))
    store.recipe('second-run').write_text(recipe.format(5))
    path = write_report(second, store)
    assert path == store.folder / 'reports/second-run.html'
    told = embedded(path)['run']
    assert told['parent'] == 'first'
    assert told['changes'] == [
        {'key': 'train.epochs', 'before': 3, 'now': 5},
        {'key': 'rows.train', 'before': len('first'), 'now': len('second-run')},
    ]
    assert [s['name'] for s in told['steps']] == ['Trainer', 'Report']
    assert '1 min 1 s' in path.read_text()


def test_of_an_unknown_parent_the_models_own_story_is_told(store: Store) -> None:
    run = run_with_report(store, 'second', '/models/2', baseline='/models/gone')
    page = write_report(run, store)
    assert embedded(page)['run']['changes'] is None
    assert 'train.epochs' in page.read_text()


def test_the_command(store: Store, tmp_path: Path) -> None:
    run_with_report(store, 'towns-1', '/models/1')
    at = ['--store', str(store.folder)]
    done = CliRunner().invoke(main, ['report', 'towns', *at, '-o', str(tmp_path / 'x/page.html')])
    assert (done.exit_code, done.output.strip()) == (0, str(tmp_path / 'x/page.html'))
    assert embedded(tmp_path / 'x/page.html')['run']['run'] == 'towns-1'
    for argument, told in (('nothing', "no run 'nothing'"), ('towns', 'cannot be written')):
        to = ['-o', '/proc/page.html'] if argument == 'towns' else []
        failed = CliRunner().invoke(main, ['report', argument, *at, *to])
        assert failed.exit_code in (1, 2)
        assert told in failed.output


@pytest.mark.parametrize(
    ('steps', 'told'),
    [
        ([], 'it was run before there were any'),
        ([Step(name='Report', state='failed', note='no space')], 'the step failed: no space'),
        ([Step(name='Report')], 'it is interrupted'),
        (
            [Step(name='Report', state='done', artifacts={'report': ['/gone']})],
            'its report is gone from /gone/report.json',
        ),
    ],
)
def test_runs_without_one(steps: list[Step], told: str) -> None:
    run = Run(
        run='r-1', recipe='r', recipe_file='r.yaml', task='binary', state='interrupted', steps=steps
    )
    with pytest.raises(NoReportError, match=told):
        read_numbers(run)
