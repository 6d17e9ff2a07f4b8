"""A universe of stand-ins, and this process led to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.universe import Universe


@pytest.fixture
def universe(tmp_path: Path) -> Iterator[Universe]:
    with Universe(tmp_path / 'cloud') as opened, opened.here():
        yield opened
