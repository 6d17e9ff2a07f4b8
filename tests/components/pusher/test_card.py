"""The card: what is on it against the evaluation that it is made from, and beside a push."""

import itertools
import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from tfx.proto import pusher_pb2
from tfx.types.standard_artifacts import Model, ModelBlessing, ModelEvaluation, PushedModel

from components.evaluator.intervals import intervals
from components.evaluator.predictions import labels_and_answers
from components.evaluator.settings import Gate
from components.pusher.card.render import HTML, MARKDOWN
from components.pusher.card_files import card_files
from components.pusher.executor import Executor
from components.pusher.settings import Card, CardTerms
from pipeline.results import Results
from tests.pipeline.kept_run import census, store_in, write_run

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

DESCRIPTION = {
    'label': {'name': 'y', 'unit': None},
    'classes': ['no', 'yes'],
    'input': 'columns',
    'inputs': [
        {
            'name': 'age',
            'type': 'integer',
            'unit': 'years',
            'required': False,
            'missing': 0.25,
            'range': {'min': 18, 'median': 40, 'max': 79},
        },
        {
            'name': 'sex',
            'type': 'string',
            'unit': None,
            'required': True,
            'missing': 0.0,
            'values': [{'value': 'f|m', 'share': 0.6}, {'value': "o'n", 'share': 0.4}],
            'complete': False,
        },
    ],
    'examples': [{'inputs': {'age': None, 'sex': "o'n"}, 'label': 'yes'}],
}


def _terms(**card: Any) -> CardTerms:
    gate = {
        'metrics': {'auc': {'min': 0.6, 'no_worse_than_baseline_by': 0.01}},
        'slices': [{'by': 'sex', 'metrics': {'recall': {'min': 0.1}}}],
    }
    return CardTerms(
        name='census',
        task='binary',
        label='y',
        about='who says yes',
        card=Card.model_validate(card),
        source='SELECT <b> FROM t',
        gate=Gate.model_validate(gate),
        features=('age', 'sex'),
    )


def _model(folder: Path) -> Path:
    extra = folder / 'model' / 'Format-Serving' / 'assets.extra'
    extra.mkdir(parents=True)
    (extra.parent / 'saved_model.pb').write_bytes(b'graph')
    (extra / 'sluice.json').write_text(json.dumps(DESCRIPTION))
    (extra / 'training.json').write_text('{"rows": {"train": 48000}}')
    return extra.parent


def _files(folder: Path, terms: CardTerms, **options: Any) -> dict[str, str]:
    run = Results(write_run(store_in(folder), 'census-1', census(1), **options))
    evaluation = run.artifact('Evaluator', output='evaluation')
    text = (evaluation / 'verdict.json').read_text()
    return card_files(terms, text, str(evaluation), str(_model(folder)), AT)


def test_metrics_and_slices_have_their_intervals(tmp_path: Path) -> None:
    text = _files(tmp_path, _terms())[MARKDOWN]
    run = Results(store_in(tmp_path).runs.find(None))
    low, high = intervals('binary', *labels_and_answers(run.table, run.about))['auc']
    whole = run.metrics.set_index('metric').value['auc']
    row = next(line for line in text.splitlines() if line.startswith('| auc |'))
    assert f'| {whole:.4g} | {low:.4g} to {high:.4g} |' in row
    assert 'min 0.6, within 0.01 of the model before' in row
    assert '| Slice | Rows | auc | recall |' in text
    assert len([line for line in text.splitlines() if line.startswith('| sex=')]) == 2


def test_what_people_say_and_what_the_run_shows_are_both_there(tmp_path: Path) -> None:
    terms = _terms(owners='Ada', limits=['data of 1994'], licence='CC0', out_of_scope='hiring')
    files = _files(tmp_path, terms)
    for text in files.values():
        for said in ('Ada', 'data of 1994', 'CC0', 'Not for', 'hiring', '48,000', 'Who says yes'):
            assert said in text, said
        assert 'Drift of the data is not bounded' in text
    assert 'SELECT <b> FROM t' in files[MARKDOWN]
    assert 'SELECT &lt;b&gt; FROM t' in files[HTML]
    assert 'http-equiv="Content-Security-Policy"' in files[HTML]
    assert '<script' not in files[HTML]


def test_tables_of_the_markdown_are_whole(tmp_path: Path) -> None:
    lines = _files(tmp_path, _terms())[MARKDOWN].splitlines()
    for above, line in itertools.pairwise(lines):
        if above.startswith('|') and line.startswith('|'):
            bars = [row.replace('\\|', '').count('|') for row in (above, line)]
            assert bars[0] == bars[1], line
    assert "| sex | string |  | f\\|m, o'n, … | required |" in lines
    assert '| age | integer | years | 18 to 79, median 40 | 25.0% |' in lines


def test_the_calls_are_whole_and_send_a_real_row(tmp_path: Path) -> None:
    text = _files(tmp_path, _terms())[MARKDOWN]
    shell = text.split('```sh\n')[1].split('\n```')[0]
    words = shlex.split(shell)
    assert words[:3] == ['curl', '-s', 'http://127.0.0.1:8501/v1/models/census:predict']
    assert json.loads(words[4]) == {'instances': [{'sex': "o'n"}]}
    python = text.split('```python\n')[1].split('\n```')[0]
    compile(python, 'card', 'exec')


def test_slices_that_are_small_are_named_and_no_rows_are_no_intervals(tmp_path: Path) -> None:
    run = write_run(store_in(tmp_path), 'census-1', census(1, rows=120), keep=False)
    evaluation = Results(run).artifact('Evaluator', output='evaluation')
    verdict = (evaluation / 'verdict.json').read_text()
    files = card_files(_terms(), verdict, str(evaluation), str(tmp_path), AT)
    assert 'Measured on fewer than 100 rows, so hardly known: sex=f (' in files[MARKDOWN]
    assert ' to ' not in next(x for x in files[MARKDOWN].splitlines() if x.startswith('| auc |'))


@pytest.mark.parametrize('blessed', [True, False])
def test_the_card_goes_with_the_pushed_model(blessed: bool, tmp_path: Path) -> None:
    run = Results(write_run(store_in(tmp_path), 'census-1', census(1)))
    model, blessing, evaluation = Model(), ModelBlessing(), ModelEvaluation()
    output = PushedModel()
    model.uri, output.uri = str(_model(tmp_path).parent), str(tmp_path / 'pushed')
    evaluation.uri = str(run.artifact('Evaluator', output='evaluation'))
    blessing.uri = str(tmp_path / 'blessing')
    for folder in (blessing.uri, output.uri):
        Path(folder).mkdir()
    Path(blessing.uri, 'BLESSED' if blessed else 'NOT_BLESSED').touch()
    blessing.set_int_custom_property('blessed', int(blessed))
    served = tmp_path / 'served'
    destination = pusher_pb2.PushDestination(filesystem={'base_directory': str(served)})
    Executor().Do(
        {'model': [model], 'model_blessing': [blessing], 'evaluation': [evaluation]},
        {'pushed_model': [output]},
        {
            'push_destination': json_format.MessageToJson(destination),
            'card': _terms().model_dump_json(),
        },
    )
    if not blessed:
        assert not served.exists()
        return
    (version,) = served.iterdir()
    assert sorted(p.name for p in (version / 'assets.extra').iterdir()) == [
        'evaluation.json',
        'model_card.html',
        'model_card.md',
        'sluice.json',
        'training.json',
    ]
