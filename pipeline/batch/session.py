"""One `sluice predict` from the first line on the terminal to the last."""

import os
from pathlib import Path

from rich.text import Text

from pipeline.batch.models import find_model
from pipeline.progress import Progress, seconds_text
from pipeline.show import short_path
from pipeline.terminal import quiet

TOLD = 1000
"""Rows of which a rate says something: the first call of a model takes a second."""


def start(model: str, folder: Path, given: str, output: Path, *, verbose: bool = False) -> None:
    """Predict a source, and tell the terminal about it.

    Raises:
        ValueError, LookupError: The model, the source or the output can't be used.
    """
    path = find_model(model, folder)
    with quiet(Path(os.devnull), verbose=verbose) as console:
        progress = Progress(console)
        with progress.during('Loading TensorFlow'):
            os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
            from pipeline.batch.predict import load, predict

            loaded = load(path)
        with progress.during('Predicting'):
            done = predict(loaded, given, output)
        rate = f', {done.rows / done.seconds:,.0f} rows/s' if done.rows > TOLD else ''
        text = Text.assemble(
            (f'{done.rows:,} rows', 'bold'),
            f' by {short_path(str(path))} in {seconds_text(done.seconds)}{rate}\n',
            (f'  output {short_path(str(done.output))}', 'dim'),
        )
        if done.errors:
            text.append(
                f'\n{done.faults:,} rows in error are not in it: {short_path(str(done.errors))}',
                style='yellow',
            )
        console.print(text, soft_wrap=True)
