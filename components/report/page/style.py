"""The look that pages share."""

from functools import cache
from pathlib import Path


@cache
def style() -> str:
    """Return the style sheet."""
    return (Path(__file__).parent / 'style.css').read_text(encoding='utf-8')
