"""The rows of a smoke test that were kept with a pushed model."""

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Client

from components.endpoint_pusher.errors import EndpointError
from components.endpoint_pusher.smoke import FILE, Smoke

SCHEME = 'gs://'


def kept_smoke(model: str) -> Smoke:
    """Read what EndpointPusher has kept with a model.

    Args:
        model: its folder, `gs://BUCKET/PATH`.

    Raises:
        EndpointError: There is nothing, or it can't be read.
    """
    bucket, _, folder = model.removeprefix(SCHEME).rstrip('/').partition('/')
    name = f'{folder}/{FILE}'
    try:
        return Smoke.from_json(Client().bucket(bucket).blob(name).download_as_text())
    except (GoogleAPIError, GoogleAuthError, ValueError) as error:
        raise EndpointError(
            f'{model}/{FILE}: cannot be read, so there are no rows to ask the version for: {error}'
        ) from error
