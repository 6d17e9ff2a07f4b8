"""Pictures of a training: its curves, and a search for a learning rate."""

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from models.rate_finder import RateSearch
from models.settings import Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110

TRAIN, VALIDATION, MARK = '#4269d0', '#efb118', '#777777'
"""Colours that also people who tell few apart can tell apart."""


MAIN_METRIC: dict[Task, str] = {'regression': 'rmse', 'binary': 'auc', 'multiclass': 'accuracy'}
"""The metric that is drawn, by task."""


def draw_curves(epochs: Sequence[dict[str, Any]], best_epoch: int, task: Task) -> bytes:
    """Draw loss, main metric and learning rate by epoch, as PNG.

    Args:
        epochs: as `EpochLog` notes them.
        best_epoch: the one whose weights the model has, from 1.
        task: says which metric is the main one.
    """
    panels = ['loss', MAIN_METRIC[task], 'learning_rate']
    figure = _figure(len(panels))
    numbers = [e['epoch'] for e in epochs]
    for axes, name in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        axes.set_title(name.replace('_', ' '))
        axes.set_xlabel('epoch')
        axes.xaxis.get_major_locator().set_params(integer=True)
        for key, colour, label in ((name, TRAIN, 'train'), (f'val_{name}', VALIDATION, 'eval')):
            if key in epochs[-1]:
                values = [e.get(key) for e in epochs]
                axes.plot(numbers, values, color=colour, label=label, marker='.')
        if name == 'learning_rate':
            axes.set_yscale('log')
        _mark_phases(axes, epochs)
        if name != 'learning_rate':
            axes.axvline(best_epoch, color=MARK, linestyle=':', label=f'best: {best_epoch}')
            axes.legend()
    return _png(figure)


def draw_search(search: RateSearch) -> bytes:
    """Draw the loss by learning rate, with what is suggested, as PNG."""
    figure = _figure(1)
    axes = figure.subplots()
    axes.set_title(search.text)
    axes.set_xscale('log')
    axes.set_xlabel('learning rate')
    axes.set_ylabel('loss')
    axes.plot(search.rates, search.losses, color=TRAIN, alpha=0.3, label='of each batch')
    axes.plot(search.rates, search.smoothed, color=TRAIN, label='smoothed')
    if search.suggestion is not None:
        axes.axvline(search.suggestion, color=MARK, linestyle=':', label='suggestion')
    # The last losses are of a model that has gone astray, and would flatten all before.
    low, high = min(search.smoothed, default=0), max(search.smoothed[:10], default=1)
    margin = 0.3 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
    axes.legend()
    return _png(figure)


def _mark_phases(axes: 'Axes', epochs: Sequence[dict[str, Any]]) -> None:
    """Draw a line where a phase begins after another, with its name."""
    for before, first in pairwise(epochs):
        if first['phase'] != before['phase']:
            axes.axvline(first['epoch'] - 0.5, color=MARK, linewidth=0.8)
            axes.annotate(
                first['phase'].replace('_', '-'),
                (first['epoch'] - 0.5, 0.99),
                xycoords=('data', 'axes fraction'),
                xytext=(3, 0),
                textcoords='offset points',
                va='top',
                color=MARK,
            )


def _figure(panels: int) -> 'Figure':
    # Takes a second, which those who draw nothing need not wait for.
    from matplotlib.figure import Figure

    return Figure(figsize=(4.5 * panels, 3.6), layout='constrained')


def _png(figure: 'Figure') -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format='png', dpi=DOTS_PER_INCH)
    return content.getvalue()
