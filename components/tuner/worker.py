"""A process that runs trials: `python -m components.tuner.worker FILE`, started by `parallel`.

KerasTuner learns from KERASTUNER_* which worker this is, and where the search is led.
"""

import importlib
import json
import logging
import sys
from pathlib import Path
from types import SimpleNamespace

PROGRESS = 'sluice.progress'
"""Logger of how far a step is."""


class _Forward(logging.Handler):
    """Writes what is told of progress to stdout, a JSON object a line."""

    def emit(self, record: logging.LogRecord) -> None:
        if progress := getattr(record, 'progress', None):
            sys.stdout.write(json.dumps({'text': record.getMessage(), **progress}) + '\n')
            sys.stdout.flush()


def main() -> None:
    """Search until there are no more trials."""
    told = json.loads(Path(sys.argv[1]).read_text(encoding='utf-8'))
    logger = logging.getLogger(PROGRESS)
    logger.setLevel(logging.INFO)
    logger.addHandler(_Forward())
    logger.propagate = False
    module, _, name = told['tuner_fn'].rpartition('.')
    tuner_fn = getattr(importlib.import_module(module), name)
    found = tuner_fn(SimpleNamespace(**told['fn_args']))
    found.tuner.search(**found.fit_kwargs)


if __name__ == '__main__':
    main()
