"""The stand-ins that there are."""

from tests.fakes.bigquery.service import BigQuery
from tests.fakes.iam import Credentials
from tests.fakes.platform import Platform
from tests.fakes.storage.service import Storage
from tests.fakes.vertex.service import Vertex

SERVICES = (Storage, Credentials, Vertex, BigQuery, Platform)
"""Their classes; each is made with the `World`. The metadata server is always there."""
