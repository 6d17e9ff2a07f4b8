import json

from components.evaluator.measured import ClassMetrics, Measured, SliceMetrics, Values
from components.evaluator.settings import EvaluatorConfig
from components.evaluator.verdict import judge
from components.report.gates import gate_rows


def _rows(gate, measured, task='regression'):
    config = EvaluatorConfig.model_validate(
        {'task': task, 'label': 'y', 'splits': ['test'], 'gate': gate}
    )
    verdict = judge(config, {'test': measured})
    return gate_rows(config.gate, json.loads(verdict.to_json()), 'test'), verdict


def _slice(where, rows, value, baseline=None):
    return SliceMetrics(where, rows, {'rmse': Values(value, baseline)})


def test_each_bound_is_told_as_the_verdict_judges_it() -> None:
    gate = {
        'metrics': {'rmse': {'max': 2, 'no_worse_than_baseline_by': 0.1}},
        'slices': [{'by': 'town', 'metrics': {'rmse': {'max': 2}}, 'min_examples': 10}],
    }
    measured = Measured(
        (
            _slice({}, 100, 1.5, 1.2),
            _slice({'town': 'a'}, 60, 1.9),
            _slice({'town': 'b'}, 35, 2.5),
            _slice({'town': 'c'}, 5, 9.0),
        ),
        100,
    )
    rows, verdict = _rows(gate, measured)
    assert [(r['state'], r['slice'], r['kind'], r['bound']) for r in rows] == [
        ('missed', {}, 'no_worse_than_baseline_by', 0.1),
        ('missed', {'town': 'b'}, 'max', 2.0),
        ('met', {}, 'max', 2.0),
        ('met', {'town': 'a'}, 'max', 2.0),
        ('not judged', {'town': 'c'}, 'max', 2.0),
    ]
    assert {r['text'] for r in rows if r['text']} == {r.text for r in verdict.reasons}
    assert (rows[0]['candidate'], rows[0]['baseline'], rows[0]['rows']) == (1.5, 1.2, 100)


def test_bounds_on_classes() -> None:
    def of_class(name, rows, recall):
        return ClassMetrics(name, rows, {'recall': Values(recall)})

    measured = Measured(
        (SliceMetrics({}, 9, {'accuracy': Values(0.9)}),),
        9,
        classes=(of_class('a', 5, 0.8), of_class('b', 4, 0.2)),
    )
    gate = {'classes': {'metrics': {'recall': {'min': 0.5}}}}
    rows, _ = _rows(gate, measured, 'multiclass')
    assert [(r['state'], r['of_class'], r['rows']) for r in rows] == [
        ('missed', 'b', 4),
        ('met', 'a', 5),
    ]


def test_a_reason_of_another_kind_is_not_lost() -> None:
    rows, _ = _rows({'metrics': {'rmse': {'max': 2}}}, Measured((_slice({}, 100, 1.5),), 100))
    verdict = {
        'reasons': [
            {
                'metric': 'gap', 'slice': {'sex': 'F'}, 'candidate': 0.2, 'baseline': None,
                'kind': 'max', 'bound': 0.1, 'examples': 7, 'text': 'a gap',
            }
        ],
        'metrics': {'test': []},
    }  # fmt: skip
    config = EvaluatorConfig.model_validate(
        {'task': 'regression', 'label': 'y', 'gate': {'metrics': {'rmse': {'max': 2}}}}
    )
    (only,) = gate_rows(config.gate, verdict, 'test')
    assert (only['state'], only['text']) == ('missed', 'a gap')
    assert rows[0]['state'] == 'met'
