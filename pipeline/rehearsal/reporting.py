"""Progress of a container that was forked, sent to the process that shows it."""

import json
import logging
import os
from typing import Self

LOGGER = 'sluice.progress'


class Reporting(logging.Handler):
    """Writes what is reported, a line of JSON each, to a pipe; a context manager."""

    def __init__(self, pipe: int) -> None:
        super().__init__(logging.INFO)
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        """Send a report; what can't be sent is left out, as the step is worth more."""
        report = {'progress': getattr(record, 'progress', {}), 'message': record.getMessage()}
        try:
            os.write(self._pipe, json.dumps(report, default=float).encode() + b'\n')
        except (OSError, TypeError, ValueError):
            self.handleError(record)

    def __enter__(self) -> Self:
        logger = logging.getLogger(LOGGER)
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(LOGGER).removeHandler(self)
