"""The error that an evaluation stops with, and finding it again after Beam wrapped it."""

import re


class EvaluationError(ValueError):
    """The evaluation can't go on; the message is one line for the person who runs it."""


_RAISED = re.compile(
    rf'^(?:{re.escape(EvaluationError.__module__)}\.)?{EvaluationError.__name__}: '
    r'(?P<message>.*?)(?: \[while running .*)?$',
    re.MULTILINE,
)


def find_evaluation_error(error: BaseException) -> EvaluationError | None:
    """Return the evaluation error that made a Beam pipeline fail, if it was one.

    Beam runners hand errors of workers on as text inside an error of their own.

    Args:
        error: What the pipeline raised.

    Returns:
        The error as it was raised in the worker, or None if it was of another kind.
    """
    seen: BaseException | None = error
    while seen is not None:
        if found := _RAISED.search(f'{type(seen).__name__}: {seen}'):
            return EvaluationError(found['message'])
        seen = seen.__cause__
    return None
