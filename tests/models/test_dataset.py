import numpy as np
import pytest
import tensorflow as tf

from models import dataset
from models.dataset import DataError, Reader
from tests.models.conftest import rows, write_examples


def read(made, name, files, must_know_all):
    return Reader(name, files, made.data.graph, made.data.target).read(must_know_all)


def labels(batches):
    return np.concatenate([label[:, 0] for _, label in batches.as_numpy_iterator()])


def test_a_single_pass_has_every_row_in_a_fixed_order(artifacts):
    made = artifacts('regression')
    split = made.data.evaluation
    found = labels(split.batches(64, inputs=['size']))
    assert split.rows == 150
    amounts = sorted(r['amount'] for r in made.eval_rows)
    np.testing.assert_allclose(np.sort(found), amounts, rtol=1e-6)
    np.testing.assert_array_equal(found, labels(split.batches(50, inputs=['size'])))


def test_each_shuffled_pass_has_every_row_once_in_a_new_order(artifacts):
    split = artifacts('regression').data.evaluation
    batches = split.batches(50, inputs=['size'], seed=7)
    first, second = labels(batches.take(3)), labels(batches.take(6))[150:]
    expected = np.sort(labels(split.batches(50, inputs=['size'])))
    np.testing.assert_array_equal(np.sort(first), expected)
    np.testing.assert_array_equal(np.sort(second), expected)
    assert (first != second).any()
    np.testing.assert_array_equal(first, labels(split.batches(50, inputs=['size'], seed=7).take(3)))
    assert (first != labels(split.batches(50, inputs=['size'], seed=8).take(3))).any()


def test_inputs_stay_with_their_label_when_shuffled(artifacts):
    split = artifacts('regression').data.evaluation
    ordered, shuffled = (
        {
            float(y): (float(x), int(c))
            for inputs, label in batches.as_numpy_iterator()
            for x, c, y in zip(inputs['size'], inputs['colour'], label[:, 0], strict=True)
        }
        for batches in (
            split.batches(64, inputs=['size', 'colour']),
            split.batches(64, inputs=['size', 'colour'], seed=1).take(3),
        )
    )
    assert shuffled.items() <= ordered.items() or ordered.items() <= shuffled.items()


def test_batches_have_one_size_and_no_more_rows_than_there_are(artifacts):
    split = artifacts('regression').data.evaluation
    sizes = [len(y) for _, y in split.batches(64, inputs=['size'], seed=1).take(5)]
    assert sizes == [64] * 5
    assert split.steps(64) == 3
    assert len(next(iter(split.batches(4096, inputs=['size'], seed=1)))[1]) == 150


def test_a_split_too_large_for_memory_is_on_disk_and_gives_the_same_batches(artifacts, monkeypatch):
    kept = artifacts('multiclass').data.evaluation
    monkeypatch.setattr(dataset, 'MEMORY_LIMIT', 1000)
    made = artifacts('multiclass')
    on_disk = made.load(made.config()).evaluation
    inputs, label = on_disk.columns
    assert all(isinstance(c, np.memmap) for c in (*inputs.values(), label))
    assert on_disk.labels == kept.labels
    told = {'inputs': ['size', 'colour'], 'class_weights': (1.0, 2.0, 4.0)}
    for more in ({}, {'seed': 1}, {'seed': 1, 'first_step': 4}):
        pairs = zip(
            kept.batches(40, **told, **more).take(9).as_numpy_iterator(),
            on_disk.batches(40, **told, **more).take(9).as_numpy_iterator(),
            strict=True,
        )
        for expected, found in pairs:
            tf.nest.map_structure(np.testing.assert_array_equal, expected, found)


def test_a_full_disk_is_told_of(artifacts, monkeypatch):
    def full(*_):
        raise OSError(28, 'No space left on device')

    made = artifacts('regression')
    monkeypatch.setattr(dataset, 'MEMORY_LIMIT', 1000)
    monkeypatch.setattr('models.columns.ColumnWriter._spill', full)
    with pytest.raises(DataError, match=r"split 'train'.*No space left on device; set TMPDIR"):
        made.load(made.config())


def test_blocks_of_rows_come_in_another_order_each_pass(artifacts, monkeypatch):
    monkeypatch.setattr(dataset, 'SHUFFLED_ROWS', 16)
    split = artifacts('regression').data.evaluation
    expected = labels(split.batches(40, inputs=['size']))
    found = labels(split.batches(50, inputs=['size'], seed=7).take(6))
    for half in (found[:150], found[150:]):
        np.testing.assert_array_equal(np.sort(half), np.sort(expected))
    blocks = [set(expected[n : n + 16].tolist()) for n in range(0, 150, 16)]
    order = [next(n for n, b in enumerate(blocks) if y in b) for y in found[:150].tolist()]
    runs = [n for i, n in enumerate(order) if i == 0 or n != order[i - 1]]
    assert sorted(runs) == list(range(10)) != runs
    assert found[:150].tolist() != found[150:].tolist()


def test_statistics_of_the_label(artifacts):
    made = artifacts('regression')
    amounts = np.array([r['amount'] for r in made.eval_rows], np.float32)
    found = made.data.evaluation.labels
    assert found.mean == pytest.approx(amounts.mean(), rel=1e-6)
    assert found.deviation == pytest.approx(amounts.std(), rel=1e-6)


def test_class_counts_and_weights(artifacts):
    made = artifacts('multiclass')
    data = made.data
    kinds = [r['kind'] for r in made.eval_rows]
    assert data.target.classes == ('low', 'mid', 'top')
    assert data.evaluation.labels.counts == tuple(kinds.count(c) for c in data.target.classes)
    batches = data.evaluation.batches(50, inputs=['size'], class_weights=(1.0, 2.0, 4.0))
    for _, label, weight in batches.as_numpy_iterator():
        assert weight.shape == label.shape
        np.testing.assert_array_equal(weight, 2.0**label)


def test_labels_missing_in_training_are_an_error(artifacts, tmp_path):
    made = artifacts('regression')
    table = [r | {'amount': None} if i in (3, 5) else r for i, r in enumerate(rows(20, seed=3))]
    write_examples(tmp_path / 'part.gz', table)
    with pytest.raises(DataError, match=r"'amount' is missing .* in 2 of 20 rows of split 'train'"):
        read(made, 'train', [str(tmp_path / 'part.gz')], must_know_all=True)


def test_unknown_classes_are_an_error_in_training_and_left_out_in_evaluation(
    artifacts, tmp_path, caplog
):
    made = artifacts('multiclass')
    table = [r | {'kind': 'odd'} if i < 4 else r for i, r in enumerate(rows(20, seed=3))]
    write_examples(tmp_path / 'part.gz', table)
    files = [str(tmp_path / 'part.gz')]
    with pytest.raises(DataError, match=r"'odd'.*expected: 'low', 'mid', 'top'"):
        read(made, 'train', files, must_know_all=True)
    split = read(made, 'eval', files, must_know_all=False)
    assert split.rows == 16
    assert "in 4 of 20 rows of split 'eval'" in caplog.text
    assert labels(split.batches(64, inputs=['size'])).min() >= 0


def test_a_split_without_rows_or_files(artifacts, tmp_path):
    made = artifacts('regression')
    write_examples(tmp_path / 'part.gz', [])
    with pytest.raises(DataError, match="split 'train' has no rows"):
        read(made, 'train', [str(tmp_path / 'part.gz')], must_know_all=True)
    with pytest.raises(DataError, match="split 'train' has no files"):
        read(made, 'train', [str(tmp_path / 'nothing*')], must_know_all=True)


def test_of_rows_in_memory_tensorflow_takes_the_parts(artifacts):
    train = artifacts('regression').data.train
    batches = train.batches(50, inputs=['size'], seed=1, share=dataset.Share(2, 1))
    policy = batches.options().experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA
