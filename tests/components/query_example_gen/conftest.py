"""A BigQuery that is stood in for, and this process led to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.bigquery.service import BigQuery
from tests.fakes.universe import Universe


@pytest.fixture
def universe(tmp_path: Path) -> Iterator[Universe]:
    with Universe(tmp_path / 'cloud') as opened, opened.here():
        yield opened


@pytest.fixture
def bigquery(universe: Universe) -> BigQuery:
    found: BigQuery = universe.services['BigQuery']
    return found
