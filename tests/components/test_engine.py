import logging

import pytest

from components.engine import IN_PROCESS_BYTES, works_in_process


@pytest.mark.parametrize(
    ('args', 'size', 'beam_only', 'answer', 'reason'),
    [
        ([], 10, None, True, 'in this process: 10 bytes'),
        (['--direct_running_mode=in_memory'], 10, None, True, 'Beam would run here too'),
        (['--runner=DataflowRunner'], 10, None, False, 'in Beam: it runs on DataflowRunner'),
        ([], IN_PROCESS_BYTES + 1, None, False, 'in Beam: 8589934593 bytes'),
        ([], 10, 'an analyzer', False, 'in Beam: only there is an analyzer done'),
    ],
)
def test_the_choice_and_its_reason(
    caplog: pytest.LogCaptureFixture,
    args: list[str],
    size: int,
    beam_only: str | None,
    answer: bool,
    reason: str,
) -> None:
    with caplog.at_level(logging.INFO, 'components.engine'):
        assert works_in_process(args, size, beam_only) is answer
    assert reason in caplog.text
