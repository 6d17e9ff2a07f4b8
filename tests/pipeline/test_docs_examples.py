"""The Python of docs/notebooks.md runs, in its order."""

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline import results
from pipeline.records import Step
from tests.pipeline.kept_run import census, store_in, write_run

PAGE = Path(__file__).parents[2] / 'docs' / 'notebooks.md'
BLOCKS = re.findall(r'```python\n(.*?)```', PAGE.read_text(encoding='utf-8'), re.DOTALL)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """A run of the page's recipe with all that the page looks at, in the working directory."""
    table = census(1)
    label = np.where(np.array(table['label'].to_pylist()) == 'yes', '>50K', '<=50K')
    table = table.set_column(table.schema.get_field_index('label'), 'label', pa.array(label))
    store = store_in(tmp_path)
    run = write_run(store, 'census-1', table, classes=('<=50K', '>50K'))
    (tmp_path / 'history.json').write_text('{"epochs": [{"epoch": 1, "loss": 0.5}]}')
    (tmp_path / 'schema.pbtxt').write_text('feature { name: "sex" type: BYTES }')
    run.steps = [
        *run.steps,
        Step(name='SchemaGen', artifacts={'schema': [str(tmp_path)]}),
        Step(name='Trainer', artifacts={'model_run': [str(tmp_path)]}),
    ]
    store.runs.save(run)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(results.STORE_VARIABLE, raising=False)


def test_every_example_runs(prepared):
    names: dict = {}
    for block in BLOCKS:
        exec(compile(block, 'docs/notebooks.md', 'exec'), names)
    assert len(BLOCKS) == 7
    assert names['rows'].surprise.between(0, 1).all()
    assert set(names['headline']['slice']) == {'all', 'sex=f', 'sex=m'}
    assert names['ax'].get_legend() is not None
