"""The stand-ins that there are."""

from tests.fakes.iam import Credentials
from tests.fakes.storage.service import Storage

SERVICES = (Storage, Credentials)
"""Their classes; each is made with the `World`. The metadata server is always there."""
