import errno

import pytest

from pipeline.errors import one_line


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (ValueError('data.csv: the file is empty'), 'data.csv: the file is empty'),
        (RuntimeError('first\nsecond'), 'RuntimeError: first'),
        (KeyboardInterrupt(), 'KeyboardInterrupt'),
        (
            OSError(errno.ENOSPC, 'No space left on device', '/store/a'),
            'no space left on the disk; free some, or choose another --store',
        ),
        (
            RuntimeError(
                'tensorflow.ResourceExhaustedError: /store/b.pb; No space left on device '
                "[while running 'Write']"
            ),
            '/store/b.pb: no space left on the disk; free some, or choose another --store',
        ),
        (
            RuntimeError('query: cannot commit - no transaction is active query: COMMIT;'),
            'the metadata store could not be written to, most likely: '
            'no space left on the disk; free some, or choose another --store',
        ),
        (
            RuntimeError('mysql or sqlite: database or disk is full'),
            'no space left on the disk; free some, or choose another --store',
        ),
    ],
)
def test_one_line(error: BaseException, line: str) -> None:
    assert one_line(error) == line
