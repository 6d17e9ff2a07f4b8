import pytest

from components.evaluator.settings import Gate
from pipeline import show, show_classes
from pipeline.records import Run
from tests.pipeline.test_show import printed

GATE = Gate.model_validate(
    {
        'classes': [
            {'metrics': {'recall': {'min': 0.7}}, 'min_examples': 20},
            {'of': 'dress', 'metrics': {'f1': {'min': 0.5}}},
        ]
    }
)


def row(name: str, examples: int, recall: float, f1: float | None = 0.6) -> dict:
    values = {'precision': 0.5, 'recall': recall, 'f1': f1}
    metrics = {m: {'candidate': v, 'baseline': 0.66} for m, v in values.items()}
    return {'name': name, 'examples': examples, 'metrics': metrics}


@pytest.fixture
def unblessed() -> Run:
    values = {'accuracy': {'candidate': 0.8, 'baseline': 0.7}}
    return Run(
        run='clothing-1',
        recipe='clothing',
        recipe_file='clothing.yaml',
        task='multiclass',
        state='done',
        blessed=False,
        class_bounds=show_classes.bounds_of(GATE),
        reasons=[{'metric': 'recall', 'slice': {}, 'of_class': 'dress', 'text': 'recall is low'}],
        metrics={'test': [{'slice': {}, 'examples': 83, 'metrics': values}]},
        classes={'test': [row('dress', 54, 0.61), row('[hat]', 9, 0.1), row('shirt', 20, 0.9)]},
        confusions={
            'test': [
                {'label': 'dress', 'answer': 'shirt', 'candidate': 14, 'baseline': 9},
                {'label': None, 'answer': '[hat]', 'candidate': 3, 'baseline': 0},
            ]
        },
    )


def test_classes_are_shown_against_bounds_and_baseline(unblessed: Run) -> None:
    lines = printed(show.details(unblessed)).splitlines()
    found = {line.split()[0]: ' '.join(line.split()) for line in lines if line.strip()}
    dress = 'dress 54 0.5 (0.66) 0.61 (0.66) 0.6 (0.66) recall min 0.7; f1 min 0.5'
    assert dress in [' '.join(line.split()) for line in lines]
    assert found['[hat]'].endswith('too few to judge (under 20)')
    assert found['shirt'].endswith('recall min 0.7')
    assert [' '.join(line.split()) for line in lines if '14 (9)' in line] == [
        'dress shirt 14 (9) 26%'
    ]
    assert any('(unknown class)' in line and '3 (0)' in line for line in lines)


def test_of_many_classes_the_worst_are_shown_in_their_order(unblessed: Run) -> None:
    unblessed.classes = {
        'test': [row(f'c{i:02}', 9, 0.9, f1=None if i == 3 else (i % 7) / 7) for i in range(50)]
    }
    lines = printed(show.details(unblessed)).splitlines()
    assert any('the 20 of 50 classes with the lowest f1' in line for line in lines)
    shown = [line.split()[0] for line in lines if line.strip().startswith('c') and ' 9 ' in line]
    assert shown == sorted(shown)
    assert len(shown) == 20
    assert {int(name[1:]) % 7 for name in shown} == {0, 1, 2}


def test_the_largest_confusions_come_first() -> None:
    cells: list[dict] = [
        {'label': 'a', 'answer': 'a', 'candidate': 90, 'baseline': 1},
        {'label': 'a', 'answer': 'b', 'candidate': 3, 'baseline': 1},
        {'label': None, 'answer': 'b', 'candidate': 5, 'baseline': 1},
        {'label': 'b', 'answer': 'a', 'candidate': 0, 'baseline': 7},
    ]
    found = show_classes.largest_confusions(cells)
    assert [(c['label'], c['candidate']) for c in found] == [(None, 5), ('a', 3)]
    many: list[dict] = [{'label': str(i), 'answer': 'z', 'candidate': i + 1} for i in range(99)]
    assert len(show_classes.largest_confusions(many)) == 20
