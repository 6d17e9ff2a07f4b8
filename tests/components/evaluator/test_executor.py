"""The component as TFX runs it: artifacts in, results, verdict and blessing out."""

import json
import logging
from pathlib import Path

import pytest
import tensorflow_model_analysis as tfma
from google.protobuf import json_format
from tfx.components.evaluator import executor as stock
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import path_utils

from components.evaluator.errors import EvaluationError
from components.evaluator.executor import Executor
from components.evaluator.settings import EvaluatorConfig
from components.evaluator.verdict import Verdict
from tests.components.evaluator.exports import export_model, write_examples

ROWS = {
    'y': [float(i % 10) for i in range(200)],
    'p': [i % 10 + (1.0 if i < 150 else 3.0) for i in range(200)],
    'group': ['near'] * 150 + ['far'] * 50,
}
"""rmse: 1 in group near, 3 in far, 1.732 on the whole."""


def _artifact(kind, folder, number, **properties):
    folder.mkdir(parents=True, exist_ok=True)
    artifact = kind()
    artifact.uri = str(folder)
    artifact.id = number
    for name, value in properties.items():
        setattr(artifact, name, value)
    return artifact


def _model(folder, number, **options):
    model = _artifact(standard_artifacts.Model, folder, number)
    export_model(Path(path_utils.serving_model_path(model.uri)), 'regression', **options)
    return model


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('inputs')
    for split in ('test', 'eval'):
        write_examples(folder / 'examples' / f'Split-{split}' / 'data.gz', ROWS)
    return {
        'examples': [
            _artifact(
                standard_artifacts.Examples,
                folder / 'examples',
                1,
                split_names=artifact_utils.encode_split_names(['test', 'eval']),
            )
        ],
        'model': [_model(folder / 'candidate', 2)],
        'baseline_model': [_model(folder / 'baseline', 3, shift=-0.5)],
    }


def _outputs(folder):
    return {
        'evaluation': [_artifact(standard_artifacts.ModelEvaluation, folder / 'evaluation', 4)],
        'blessing': [_artifact(standard_artifacts.ModelBlessing, folder / 'blessing', 5)],
    }


def _executor(kind=Executor):
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=['--direct_running_mode=in_memory'], unique_id='1'
    )
    return kind(context)


def _config(splits=('test',), **gate):
    return EvaluatorConfig.model_validate(
        {'task': 'regression', 'label': 'y', 'splits': splits, 'gate': gate}
    )


def _run(inputs, folder, config):
    outputs = _outputs(folder)
    _executor().Do(
        inputs,
        outputs,
        {'config': config.model_dump_json(), 'current_component_id': 'Evaluator.babyweight'},
    )
    text = (folder / 'evaluation' / 'verdict.json').read_text()
    return outputs, Verdict.from_json(text)


def _properties(blessing):
    found = json.loads(json_format.MessageToJson(blessing.mlmd_artifact))
    return found['customProperties']


def _files(artifact):
    return sorted(p.name for p in Path(artifact.uri).iterdir())


@pytest.mark.parametrize('limit', [2.0, 1.5])
def test_the_blessing_is_the_one_that_stock_tfx_would_give(limit, inputs, tmp_path):
    ours, verdict = _run(inputs, tmp_path / 'ours', _config(metrics={'rmse': {'max': limit}}))
    assert verdict.blessed == (limit == 2.0)

    threshold = tfma.MetricThreshold(value_threshold={'upper_bound': {'value': limit}})
    eval_config = tfma.EvalConfig(
        model_specs=[
            tfma.ModelSpec(
                signature_name='serving_examples',
                preprocessing_function_names=['labels'],
                label_key='label',
            )
        ],
        slicing_specs=[tfma.SlicingSpec()],
        metrics_specs=[
            tfma.MetricsSpec(
                metrics=[tfma.MetricConfig(class_name='RootMeanSquaredError', threshold=threshold)]
            )
        ],
    )
    theirs = _outputs(tmp_path / 'stock')
    _executor(stock.Executor).Do(
        inputs,
        theirs,
        {
            'eval_config': json_format.MessageToJson(eval_config),
            'example_splits': '["test"]',
            'current_component_id': 'Evaluator.babyweight',
        },
    )
    own, other = ours['blessing'][0], theirs['blessing'][0]
    assert _properties(own) == _properties(other)
    assert _files(own) == _files(other) == ['BLESSED' if limit == 2.0 else 'NOT_BLESSED']
    results = {'eval_config.json', 'metrics-00000-of-00001.tfrecord'}
    assert results <= set(_files(theirs['evaluation'][0]))
    assert results | {'predictions', 'verdict.json'} == set(_files(ours['evaluation'][0]))


def test_the_verdict_says_why_and_shows_every_split(inputs, tmp_path, caplog):
    gate = {
        'metrics': {'rmse': {'max': 2, 'no_worse_than_baseline_by': 0.1}},
        'slices': [{'by': 'group', 'metrics': {'rmse': {'max': 2}}, 'min_examples': 50}],
    }
    with caplog.at_level(logging.INFO):
        outputs, verdict = _run(inputs, tmp_path, _config(splits=['test', 'eval'], **gate))

    assert not verdict.blessed
    assert [r.text for r in verdict.reasons] == [
        # The baseline is off by 0.5 and 2.5: rmse sqrt(0.75 * 0.25 + 0.25 * 6.25) = 1.3229.
        'rmse is 1.732, 0.4092 worse than the baseline at 1.323; 0.1 is allowed (200 examples)',
        'rmse on group=far is 3, above the max of 2 (50 examples; baseline 2.5)',
    ]
    assert set(verdict.metrics) == {'test', 'eval'}
    assert [dict(s.slice) for s in verdict.metrics['eval']] == [
        {},
        {'group': 'far'},
        {'group': 'near'},
    ]
    assert _files(outputs['blessing'][0]) == ['NOT_BLESSED']
    uri = outputs['evaluation'][0].uri
    assert len(list(tfma.load_metrics(uri))) == 3
    assert len(list(tfma.load_metrics(f'{uri}/Split-eval'))) == 3

    last = [r for r in caplog.records if r.name == 'sluice.progress'][-1]
    assert last.getMessage() == (
        'not blessed, rmse 1.732 on 200 rows of split test (baseline 1.323)'
    )


def test_a_baseline_that_is_gone_is_noted_and_not_needed(inputs, tmp_path):
    gone = _artifact(standard_artifacts.Model, tmp_path / 'gone', 9)
    config = _config(metrics={'rmse': {'no_worse_than_baseline_by': 0}})
    outputs, verdict = _run(inputs | {'baseline_model': [gone]}, tmp_path, config)
    assert verdict.blessed
    assert 'baseline model' in verdict.notes[0]
    assert 'is not there' in verdict.notes[0]
    assert 'baseline_model_uri' not in _properties(outputs['blessing'][0])


@pytest.mark.parametrize(
    ('leave_out', 'message'),
    [
        (['labels'], r'has no signature labels \(it has serving_default, serving_examples\)'),
        (['serving_examples'], 'has no signature serving_examples'),
    ],
)
def test_a_model_without_a_signature_is_one_clear_line(leave_out, message, inputs, tmp_path):
    model = _model(tmp_path / 'bad', 7, leave_out=leave_out)
    with pytest.raises(EvaluationError, match=message):
        _run(inputs | {'model': [model]}, tmp_path, _config(metrics={'rmse': {'max': 2}}))


def test_a_model_of_another_task_is_one_clear_line(inputs, tmp_path):
    config = EvaluatorConfig.model_validate(
        {'task': 'binary', 'label': 'y', 'gate': {'metrics': {'auc': {'min': 0.5}}}}
    )
    with pytest.raises(EvaluationError, match=r'no output probability in serving_examples \(it'):
        _run(inputs, tmp_path, config)


def test_examples_of_another_kind_are_one_clear_line(inputs, tmp_path):
    examples = _artifact(
        standard_artifacts.Examples,
        tmp_path / 'parquet',
        8,
        split_names=artifact_utils.encode_split_names(['test']),
    )
    examples.set_string_custom_property('payload_format', 'FORMAT_PARQUET')
    with pytest.raises(EvaluationError, match='the examples are no tf'):
        _run(inputs | {'examples': [examples]}, tmp_path, _config(metrics={'rmse': {'max': 2}}))


def test_damaged_examples_are_one_clear_line(inputs, tmp_path):
    file = tmp_path / 'examples' / 'Split-test' / 'data.gz'
    write_examples(file, ROWS)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    examples = _artifact(
        standard_artifacts.Examples,
        tmp_path / 'examples',
        8,
        split_names=artifact_utils.encode_split_names(['test']),
    )
    with pytest.raises(EvaluationError, match=r'examples: .*data\.gz is damaged'):
        _run(inputs | {'examples': [examples]}, tmp_path, _config(metrics={'rmse': {'max': 2}}))


def test_an_unknown_split_is_one_clear_line(inputs, tmp_path):
    config = _config(splits=['holdout'], metrics={'rmse': {'max': 2}})
    with pytest.raises(EvaluationError, match='no split holdout; they have eval, test'):
        _run(inputs, tmp_path, config)


def test_a_gap_between_groups_is_measured_and_judged(inputs, tmp_path):
    fairness = [{'by': 'group', 'criteria': {'mae_parity': {'max_gap': 1.5}}}]
    config = _config(metrics={'rmse': {'max': 9}}, fairness=fairness)
    _, verdict = _run(inputs, tmp_path, config)
    assert not verdict.blessed
    # The baseline is off by 0.5 and 2.5.
    assert [r.text for r in verdict.reasons] == [
        'mae_parity by group: mean absolute error is 3 for far and 1 for near, a gap of 2, '
        'above the max_gap of 1.5 (200 examples; baseline 2)'
    ]
    gaps = {g.criterion: g for g in verdict.fairness['test']}
    assert set(gaps) == {'mean_error_parity', 'mae_parity'}
    assert {g.group['group']: g.examples for g in gaps['mae_parity'].groups} == {
        'far': 50,
        'near': 150,
    }


def test_groups_by_a_column_that_is_not_there_are_one_clear_line(inputs, tmp_path):
    config = _config(metrics={'rmse': {'max': 9}}, fairness=[{'by': 'gruop'}])
    with pytest.raises(
        EvaluationError, match=r'^gate\.fairness: .* no column gruop; did you mean group\?'
    ):
        _run(inputs, tmp_path, config)
