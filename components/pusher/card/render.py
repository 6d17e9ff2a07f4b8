"""A model card as Markdown and as a page that needs nothing else."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from components.report.page.style import style
from components.report.page.words import number

MARKDOWN = 'assets.extra/model_card.md'
HTML = 'assets.extra/model_card.html'
"""Where a pushed model keeps its card; TensorFlow Serving leaves `assets.extra` alone."""

TASKS = {
    'regression': 'predicts a number',
    'binary': 'tells two classes apart',
    'multiclass': 'tells several classes apart',
}

_FOLDER = Path(__file__).parent


def render(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of a card: path within the model's version -> text."""
    values = {**content, 'does': TASKS[content['terms'].task]}
    page = (_FOLDER / 'card.css').read_text(encoding='utf-8')
    return {
        MARKDOWN: _environment(False).get_template('card.md.j2').render(values),
        HTML: _environment(True).get_template('card.html.j2').render(values, style=style() + page),
    }


@cache
def _environment(escaped: bool) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {'number': number, 'cell': _cell}
    return environment


def _cell(text: Any) -> str:
    """Return text that stays within a cell of a Markdown table."""
    return ' '.join(str(text).split()).replace('|', '\\|').replace('<', '&lt;')
