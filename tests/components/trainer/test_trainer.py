import json
from types import SimpleNamespace
from typing import Any

import pytest
from tfx.proto import trainer_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import Channel

from components.trainer.component import Trainer
from components.trainer.executor import Executor

SEEN: list[dict[str, Any]] = []


def run_fn(fn_args: SimpleNamespace) -> None:
    SEEN.append(fn_args.custom_config)


def trainer(**more: Any) -> Trainer:
    return Trainer(
        examples=Channel(type=standard_artifacts.Examples),
        transform_graph=Channel(type=standard_artifacts.TransformGraph),
        schema=Channel(type=standard_artifacts.Schema),
        run_fn=f'{__name__}.run_fn',
        train_args=trainer_pb2.TrainArgs(splits=['train']),
        eval_args=trainer_pb2.EvalArgs(splits=['eval']),
        custom_config={'trainer': {}},
        epochs=3,
        **more,
    )


def test_it_is_tfx_s_step_with_epochs():
    made = trainer()
    assert made.id == 'Trainer'
    assert made.exec_properties['epochs'] == 3
    assert set(made.outputs) == {'model', 'model_run'}
    assert made.executor_spec.executor_class is Executor


def test_in_a_job_its_workers_run_the_same_executor():
    executor = trainer(in_job=True).executor_spec.executor_class
    assert executor.__module__ == 'components.trainer.vertex'
    assert executor._GetExecutorClass(executor) is Executor


@pytest.fixture
def run(monkeypatch, tmp_path):
    def run(**properties: Any) -> dict[str, Any]:
        given = SimpleNamespace(custom_config={'trainer': {}}, serving_model_dir=str(tmp_path))
        monkeypatch.setattr(Executor, '_GetFnArgs', lambda *_: given)
        executor = Executor()
        executor.Do({}, {}, {'run_fn': f'{__name__}.run_fn', **properties})
        return SEEN.pop()

    return run


@pytest.mark.parametrize('epochs', [5, 5.0, '5'])
def test_the_function_is_told_how_many_epochs_a_run_was_started_with(run, epochs):
    assert run(epochs=epochs) == {'trainer': {}, 'epochs': 5}
    assert run() == {'trainer': {}}


def test_a_function_that_leaves_no_model_is_an_error_of_the_chief_alone(monkeypatch, tmp_path):
    given = SimpleNamespace(custom_config={}, serving_model_dir=str(tmp_path / 'none'))
    monkeypatch.setattr(Executor, '_GetFnArgs', lambda *_: given)
    task = {
        'cluster': {'chief': ['a:1'], 'worker': ['b:1']},
        'task': {'type': 'worker', 'index': 0},
    }
    monkeypatch.setenv('TF_CONFIG', json.dumps(task))
    Executor().Do({}, {}, {'run_fn': f'{__name__}.run_fn'})
    task['task']['type'] = 'chief'
    monkeypatch.setenv('TF_CONFIG', json.dumps(task))
    with pytest.raises(RuntimeError, match=r'run_fn left no model'):
        Executor().Do({}, {}, {'run_fn': f'{__name__}.run_fn'})
