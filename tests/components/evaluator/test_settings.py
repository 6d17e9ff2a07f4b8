import pytest
from pydantic import ValidationError

from components.evaluator.settings import EvaluatorConfig, Gate, headline


def test_a_metric_of_another_task_is_refused_with_the_nearest():
    gate = {'slices': [{'by': 'sex', 'metrics': {'acuracy': {'min': 0.5}}}]}
    with pytest.raises(ValidationError, match=r"'acuracy' is not .* binary.* mean accuracy\?"):
        EvaluatorConfig.model_validate({'task': 'binary', 'label': 'y', 'gate': gate})


@pytest.mark.parametrize(
    'gate',
    [
        {},
        {'slices': [{'by': 'sex'}]},
        {'metrics': {'auc': {}}},
        {'metrics': {'auc': {'min': 0.9, 'max': 0.1}}},
        {'metrics': {'auc': {'no_worse_than_baseline_by': -0.1}}},
        {'metrics': {'auc': {'min': 0.9}}, 'slices': [{'by': []}]},
        {'classes': {'metrics': {}}},
        {'classes': {'of': [], 'metrics': {'recall': {'min': 0.9}}}},
    ],
)
def test_a_gate_that_no_model_could_fail_or_pass_is_refused(gate):
    with pytest.raises(ValidationError):
        Gate.model_validate(gate)


def test_a_slice_column_alone_needs_no_list():
    gate = Gate.model_validate({'slices': [{'by': 'sex', 'metrics': {'auc': {'min': 0.9}}}]})
    assert gate.slices[0].by == ('sex',)


def test_the_config_survives_the_json_it_travels_as():
    config = EvaluatorConfig.model_validate(
        {'task': 'regression', 'label': 'y', 'gate': {'metrics': {'rmse': {'max': 1.2}}}}
    )
    assert EvaluatorConfig.model_validate_json(config.model_dump_json()) == config
    assert config.splits == ('eval',)
    assert headline('regression').name == 'rmse'


def test_bounds_on_classes_alone_need_no_list():
    recall = {'metrics': {'recall': {'min': 0.7}}, 'min_examples': 20}
    gate = Gate.model_validate({'classes': recall})
    assert gate == Gate.model_validate({'classes': [recall]})
    assert gate.classes[0].of is None
    assert Gate.model_validate({'classes': recall | {'of': 'dress'}}).classes[0].of == ('dress',)


@pytest.mark.parametrize(
    ('task', 'metric', 'message'),
    [
        ('multiclass', 'recal', r"'recal' is not a metric of a class, .* did you mean recall\?"),
        ('regression', 'recall', 'gate.classes: a regression has no classes'),
    ],
)
def test_bounds_on_classes_that_are_not_there(task, metric, message):
    gate = {'classes': {'metrics': {metric: {'min': 0.5}}}}
    with pytest.raises(ValidationError, match=message):
        EvaluatorConfig.model_validate({'task': task, 'label': 'y', 'gate': gate})


def test_fairness_needs_rows_and_criteria_of_the_task():
    gate = {'metrics': {'auc': {'min': 0}}, 'fairness': {'by': 'sex'}}
    plain = {'task': 'binary', 'label': 'y', 'gate': gate}
    assert EvaluatorConfig.model_validate(plain).gate.fairness[0].by == ('sex',)
    with pytest.raises(ValidationError, match='keep_predictions is 0'):
        EvaluatorConfig.model_validate(plain | {'evaluation': {'keep_predictions': 0}})
    gate['fairness'] = {'by': 'sex', 'criteria': {'equal_oportunity': {'max_gap': 0.1}}}
    with pytest.raises(ValidationError, match='did you mean equal_opportunity'):
        EvaluatorConfig.model_validate(plain)
