"""What a run would cost, and that one that costs too much is refused."""

import json
from pathlib import Path

import pytest

from components.query_example_gen.settings import Data
from pipeline.cloud.estimates import local_bytes
from pipeline.cloud.plan import make_plan, step_names
from pipeline.cloud.prices import PricesError, load_prices
from pipeline.loading import load_recipe
from pipeline.machines import ACCELERATORS
from pipeline.records import Run, Step
from tests.fakes.universe import Universe
from tests.pipeline.cloud.conftest import sluice

BABYWEIGHT = Path(__file__).parents[3] / 'recipes' / 'babyweight.yaml'
VERTEX = ('--set', 'vertex.root=gs://bucket/x', '--set', 'vertex.image=image')


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')
    monkeypatch.setenv('no_proxy', '')
    monkeypatch.chdir(tmp_path)


def test_it_names_bytes_machines_and_cost(offline: None) -> None:
    text = sluice('plan', 'babyweight').stdout
    assert 'MB scanned' in text and 'by the local files' in text
    assert 'Trainer           e2-standard-4' in text
    assert 'About $0.2' in text
    found = json.loads(sluice('plan', 'babyweight', '--json').stdout)
    parts = [step['cost'] for step in found['steps']]
    assert found['cost'] == pytest.approx(sum(parts) + found['query']['cost'] + 0.03, abs=1e-3)


def test_bytes_are_those_of_the_columns_that_are_read(tmp_path: Path) -> None:
    (tmp_path / 't.csv').write_text('a,b,word,unused\n1,true,hello,1\n2,false,,2\n,true,né,3\n')
    text = 'SELECT a, b, word FROM `d.t`'
    data = Data.model_validate({'query': text, 'local': {'d.t': str(tmp_path / 't.csv')}})
    # 16: two integers; 3: booleans; 12: (2 + 5) + (2 + 3) for words; NULLs count nothing.
    assert local_bytes(data, text) == 16 + 3 + 12
    assert local_bytes(data, 'SELECT * FROM `d.t`') == 16 + 3 + 12 + 24


def test_a_ceiling_refuses(offline: None) -> None:
    planned = sluice('plan', 'babyweight', '--max-cost', '0.01')
    assert planned.exit_code == 1 and 'is more than the $0.01' in planned.stderr
    for command in (
        ['submit', 'babyweight'],
        ['schedule', 'create', 'babyweight', '--cron', '0 3 * * *'],
    ):
        for bound in (['--max-cost', '0.01'], ['--set', 'vertex.max_cost=0.01']):
            refused = sluice(*command, *VERTEX, *bound)
            assert refused.exit_code == 1
            assert 'babyweight would cost about $' in refused.stderr
            assert '$0.01 is allowed' in refused.stderr


def test_a_ceiling_above_it_lets_it_go(universe: Universe, template: Path) -> None:
    done = sluice('submit', template, '--max-cost', '0.01')
    assert done.exit_code != 0 and 'no recipe to estimate' in done.stderr


def test_machines_cost_more_with_accelerators_and_workers() -> None:
    costs = [
        make_plan(load_recipe(BABYWEIGHT, overrides), []).cost
        for overrides in (
            [],
            ['hardware.machine=n1-standard-16'],
            ['hardware.accelerator=NVIDIA_TESLA_T4', 'hardware.machine=n1-standard-16'],
            ['hardware.accelerator=NVIDIA_TESLA_T4', 'hardware.machine=n1-standard-16',
             'hardware.workers=4'],
        )
    ]  # fmt: skip
    assert costs == sorted(costs) and len(set(costs)) == len(costs)


def test_what_has_no_price_is_said_and_refused(offline: None) -> None:
    odd = ('--set', 'hardware.machine=m1-ultramem-40')
    assert 'no price is known of m1-ultramem-40' in sluice('plan', 'babyweight', *odd).stdout
    refused = sluice('submit', 'babyweight', *VERTEX, *odd, '--max-cost', '100')
    assert refused.exit_code == 1 and 'is not known' in refused.stderr


def test_times_are_those_of_the_last_run_here() -> None:
    run = Run(run='r', recipe='babyweight', recipe_file='', task='regression', state='done',
              steps=[Step(name='Trainer', state='done', seconds=600)])  # fmt: skip
    (trainer,) = (s for s in make_plan(load_recipe(BABYWEIGHT), [run]).steps if s.name == 'Trainer')
    assert trainer.seconds == 720 and trainer.by == '600 s here'


def test_common_accelerators_have_a_price() -> None:
    prices = load_prices()
    assert set(prices.accelerators) <= set(ACCELERATORS)
    assert prices.of_machine('n1-standard-8') == pytest.approx(0.4370, abs=1e-3)
    assert prices.of_machine('a2-highgpu-1g') == prices.of_machine('a2-highgpu-1g', 'X', 9)


def test_a_bad_table_is_told(tmp_path: Path) -> None:
    (tmp_path / 'p.yaml').write_text('as_of: 2026-01-01\nregion: x\n')
    with pytest.raises(PricesError, match='sources: field required'):
        load_prices(tmp_path / 'p.yaml')


@pytest.mark.slow
@pytest.mark.parametrize('name', ['babyweight', 'digits', 'census'])
def test_steps_are_those_of_the_dag(name: str) -> None:
    from pipeline.dag import Site, create_pipeline

    loaded = load_recipe(
        BABYWEIGHT.with_stem(name), ['tune.trials=2', 'tune.space.learning_rate=[1e-4, 1e-2, log]']
    )
    dag = create_pipeline(loaded, Site('root', push_to='here'))
    nodes = [n.id for n in dag.components if 'Resolver' not in type(n).__name__]
    assert list(step_names(loaded)) == nodes


def test_bytes_are_bigquerys_own_where_it_can_be_asked(universe: Universe, tmp_path: Path) -> None:
    sample = BABYWEIGHT.parent / 'samples' / 'natality.parquet'
    natality = 'bigquery-public-data.samples.natality'
    universe.services['BigQuery'].tables.add(natality, {'path': str(sample)})
    found = json.loads(sluice('plan', 'babyweight', '--json').stdout)['query']
    assert found['by'] == 'dry run on BigQuery'
    (dry,) = universe.faults.named('bigquery.jobs.insert')
    assert found['bytes'] > 0 and dry.request
