"""A universe of stand-ins, and this process led to it."""

from collections.abc import Iterator
from importlib import reload
from pathlib import Path

import pytest
from google.auth.compute_engine import _metadata

from tests.fakes.universe import Universe


@pytest.fixture
def universe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Universe]:
    with Universe(tmp_path / 'cloud') as opened:
        for name, value in opened.env.items():
            monkeypatch.setenv(name, value)
        # It takes the server's address from the environment when it is imported, which an earlier
        # test of this process may have done.
        reload(_metadata)
        yield opened
