"""Which split a picture goes to."""

from typing import Any

import farmhash
import numpy as np
import pyarrow as pa
import pytest

from components.image_example_gen.errors import PicturesError
from components.image_example_gen.splits import Splitter
from components.query_example_gen.settings import Split

ROWS = 4000
CONTENTS = np.array([farmhash.fingerprint64(str(i)) for i in range(ROWS)], np.uint64).view(np.int64)


def batch(**columns: Any) -> pa.RecordBatch:
    known = {'uri': [str(i) for i in range(ROWS)], 'label': ['a', 'b'] * (ROWS // 2)}
    return pa.RecordBatch.from_pydict(known | columns)


def assigned(split: Split, rows: pa.RecordBatch, contents: np.ndarray = CONTENTS) -> list[str]:
    splitter = Splitter(split, pa.Table.from_batches([rows]))
    return [splitter.names[i] for i in splitter.assign(rows, contents)]


def test_by_default_content_alone_decides() -> None:
    splits = assigned(Split(), batch())
    assert [round(10 * splits.count(s) / ROWS) for s in ('train', 'eval', 'test')] == [8, 1, 1]
    moved = batch(uri=[f'/elsewhere/{i}' for i in range(ROWS)], label=['c'] * ROWS)
    assert assigned(Split(), moved) == splits


def test_copies_are_never_parted() -> None:
    copies = CONTENTS[np.arange(ROWS) % 50]
    splits = assigned(Split(), batch(), copies)
    assert all(len(set(splits[i::50])) == 1 for i in range(50))
    assert len(set(splits)) == 3


def test_a_picture_stays_in_its_split_when_others_come() -> None:
    splits = assigned(Split(), batch())
    some = batch().slice(100, 50)
    splitter = Splitter(Split(), pa.Table.from_batches([some]))
    again = [splitter.names[i] for i in splitter.assign(some, CONTENTS[100:150])]
    assert again == splits[100:150]


def test_a_named_split_holds() -> None:
    named = ['train', 'validation', 'train', 'test'] * (ROWS // 4)
    splits = assigned(Split(), batch(split=named))
    assert splits == ['train', 'eval', 'train', 'test'] * (ROWS // 4)


def test_what_is_not_named_is_held_out_of_train_by_content() -> None:
    named = ['train', 'train', 'train', 'test'] * (ROWS // 4)
    rows = batch(split=named)
    splits = assigned(Split(), rows)
    assert [s for s, n in zip(splits, named, strict=True) if n == 'test'] == ['test'] * (ROWS // 4)
    assert round(splits.count('eval') / (0.75 * ROWS), 2) == pytest.approx(1 / 9, abs=0.02)
    splitter = Splitter(Split(), pa.Table.from_batches([rows]))
    assert splitter.counts() == {
        'train': {'a': ROWS // 2, 'b': ROWS // 4},
        'test': {'b': ROWS // 4},
    }


def test_content_decides_against_folders_if_asked() -> None:
    named = batch(split=['train'] * ROWS)
    assert assigned(Split(by=('image',)), named) == assigned(Split(), batch())


def test_pictures_of_one_patient_stay_together() -> None:
    patient = [i % 40 for i in range(ROWS)]
    splits = assigned(Split(by=('patient',)), batch(patient=patient))
    assert all(len(set(splits[i::40])) == 1 for i in range(40))


def test_a_column_and_its_values() -> None:
    split = Split(column='fold', values={'train': ('0', '1'), 'eval': ('2',)})
    splits = assigned(split, batch(fold=[0, 1, 2, 0] * (ROWS // 4)))
    assert splits == ['train', 'train', 'eval', 'train'] * (ROWS // 4)


@pytest.mark.parametrize(
    ('split', 'columns', 'message'),
    [
        (Split(by=('patient',)), {}, 'data.split.by: patient is no column; there are image, uri'),
        (Split(column='fold'), {}, 'data.split.column: fold is no column'),
        (
            Split(column='fold'),
            {'fold': ['train', 'other'] * (ROWS // 2)},
            "data.split.column: fold holds 'other'",
        ),
        (Split(), {'split': ['train', 'other'] * (ROWS // 2)}, "are said to be of split 'other'"),
        (Split(), {'split': ['train', None] * (ROWS // 2)}, 'are said to be of split None'),
        (
            Split(into={'train': 8, 'eval': 2}),
            {'split': ['train', 'test'] * (ROWS // 2)},
            "'test'; data.split.into names train, eval. Add it there",
        ),
        (
            Split(),
            {'split': ['val', 'test'] * (ROWS // 2)},
            'no picture is said to be of split train, only of val, test',
        ),
    ],
)
def test_faults(split: Split, columns: dict[str, list], message: str) -> None:
    with pytest.raises(PicturesError, match=message):
        assigned(split, batch(**columns))
