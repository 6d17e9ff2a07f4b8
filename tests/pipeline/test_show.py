from io import StringIO

import pytest
from rich.console import Console, RenderableType

from components.evaluator.settings import Gate
from pipeline import show
from pipeline.progress import progress_text, seconds_text
from pipeline.records import Run, Step, TrainingRecord

GATE = Gate.model_validate(
    {
        'metrics': {'rmse': {'max': 1.2, 'no_worse_than_baseline_by': 0.01}},
        'slices': [{'by': 'plurality', 'metrics': {'rmse': {'max': 1.5}}, 'min_examples': 100}],
    }
)
TEXT = 'rmse on plurality=2 is 1.74, above the max of 1.5 (312 examples; baseline 1.41)'


@pytest.fixture
def unblessed() -> Run:
    def row(slice_: dict[str, str], examples: int, candidate: float, baseline: float) -> dict:
        values = {'rmse': {'candidate': candidate, 'baseline': baseline}}
        return {'slice': slice_, 'examples': examples, 'metrics': values}

    return Run(
        run='births-1',
        recipe='births',
        recipe_file='births.yaml',
        task='regression',
        state='done',
        started='2026-01-01T12:00:00Z',
        seconds=65.2,
        blessed=False,
        bounds=show.bounds_of(GATE),
        reasons=[{'metric': 'rmse', 'slice': {'plurality': '2'}, 'text': TEXT}],
        metrics={
            'test': [
                row({}, 4995, 1.0512, 1.0498),
                row({'plurality': '2'}, 312, 1.74, 1.41),
                row({'plurality': '3'}, 9, 2.1, 2.2),
            ]
        },
        steps=[
            Step(name='Trainer', state='done', seconds=4.2, note='8 epochs'),
            Step(name='Pusher', state='skipped', seconds=0.1, artifacts={'pushed_model': ['/p']}),
        ],
        model='/m',
        log='/l/births-1.log',
    )


def printed(text: RenderableType) -> str:
    out = StringIO()
    Console(file=out, width=200).print(text)
    return out.getvalue()


def test_outcome_of_an_unblessed_run_gives_every_reason(unblessed: Run) -> None:
    text = printed(show.outcome(unblessed))
    assert 'Not blessed' in text
    assert TEXT in text
    assert 'sluice show births-1' in text


def test_outcome_of_a_blessed_run_has_headline_bounds_and_baseline(
    unblessed: Run,
) -> None:
    unblessed.blessed, unblessed.reasons, unblessed.pushed = True, [], '/served/births/17'
    text = printed(show.outcome(unblessed))
    bounds = 'rmse max 1.2, within 0.01 of baseline'
    assert f'Blessed: rmse 1.051 on 4,995 test rows ({bounds}; baseline 1.05)' in text
    assert '/served/births/17' in text


def test_outcome_of_a_failed_run_names_step_and_error(unblessed: Run) -> None:
    unblessed.state, unblessed.error = 'failed', 'the loss is NaN'
    unblessed.steps[0].state = 'failed'
    assert 'Failed in Trainer: the loss is NaN' in printed(show.outcome(unblessed))


def test_details_name_the_pictures_of_the_training(unblessed: Run) -> None:
    unblessed.training = TrainingRecord(
        epochs=7,
        best_epoch=5,
        resumed_after_epoch=3,
        suggested_learning_rate=0.00316,
        curves='/r/curves.png',
        rate_curve='/r/learning_rate.png',
        events='/r',
    )
    assert unblessed.training.notes == ['resumed after epoch 3', 'suggested learning rate 0.0032']
    text = printed(show.details(unblessed))
    assert 'training curves  /r/curves.png' in text
    assert 'learning-rate search  /r/learning_rate.png' in text


def test_details_show_slices_against_bounds_and_baseline(unblessed: Run) -> None:
    lines = printed(show.details(unblessed)).splitlines()
    by_slice = {line.split()[0]: line.split() for line in lines if line.strip()}
    assert by_slice['all'][1:4] == ['4,995', '1.051', '(1.05)']
    assert by_slice['plurality=2'][1:4] == ['312', '1.74', '(1.41)']
    assert ' '.join(by_slice['plurality=2'][4:]) == 'rmse max 1.5'
    assert ' '.join(by_slice['plurality=3'][4:]) == 'too few to judge (under 100)'
    assert any('Trainer' in line and '4.2 s' in line and '8 epochs' in line for line in lines)


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [(0.04, '0.0 s'), (59.94, '59.9 s'), (59.96, '1 min 00 s'), (185, '3 min 05 s'), (None, '')],
)
def test_seconds(seconds: float | None, text: str) -> None:
    assert seconds_text(seconds) == text


def test_progress_in_words() -> None:
    progress = {'done': 3, 'total': 10, 'unit': 'epochs', 'metrics': {'rmse': 1.0777}}
    progress['seconds_left'] = 12
    assert progress_text(progress) == 'epochs 3/10 · rmse 1.078 · 12.0 s left'
    progress['metrics'] = {'loss': 0.5, 'rmse': 1, 'val_loss': 0.6, 'val_rmse': 1.1, 'val_mae': 0.8}
    assert progress_text(progress) == 'epochs 3/10 · val_rmse 1.1 · val_mae 0.8 · 12.0 s left'
    progress |= {'stage': 'head', 'then': 'fine-tune (7 epochs)', 'rate': 1250.4}
    progress |= {'rate_unit': 'pictures', 'metrics': {}}
    assert progress_text(progress) == (
        'head epochs 3/10 · 1,250 pictures/s · 12.0 s left, then fine-tune (7 epochs)'
    )
    assert progress_text({'done': 50000, 'total': None, 'unit': 'rows'}) == '50,000 rows'
    assert progress_text({}) == ''
