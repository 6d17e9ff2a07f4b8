"""What Vertex runs before it asks its cache for a step that reads data from outside.

Its key covers the step's settings, and nothing of what is in a table or behind a `gs://` path.
TFX's own file-based ExampleGens add a digest of their files to it in this way, and ours one of
pictures or tables. Nothing slow is imported: a step that is cached is to take no time.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.image_example_gen.fingerprint import pictures_fingerprint
from components.image_example_gen.settings import ImageData
from components.query_example_gen.request import asked_for

FINGERPRINT = 'input_fingerprint'
"""Execution property that TFX's drivers put it in."""


def main(kind: str, told: str) -> None:
    """Write the fingerprint where Vertex looks for what a driver has found.

    Args:
        kind: `pictures` or `query`.
        told: JSON of the step's ExecutorInput, which Vertex puts for `{{$}}`.

    Raises:
        QueryError: BigQuery can't be asked, or refuses the query.
        PicturesError: The pictures can't be listed.
    """
    asked = json.loads(told)
    found = _fingerprint(kind, asked['inputs']['parameterValues'])
    output = json.dumps({'parameterValues': {FINGERPRINT: found}})
    _write(asked['outputs']['outputFile'], output)


def _fingerprint(kind: str, properties: Mapping[str, Any]) -> str:
    if kind == 'pictures':
        return pictures_fingerprint(ImageData.model_validate_json(properties['data']))
    from components.query_example_gen.bigquery import fingerprint
    from components.query_example_gen.reader import query_text

    data, _ = asked_for(properties)
    return fingerprint(query_text(data), data, patient=True)


def _write(uri: str, text: str) -> None:
    if not uri.startswith('gs://'):
        Path(uri).write_text(text)
        return
    from google.cloud.storage import Blob, Client

    Blob.from_uri(uri, client=Client()).upload_from_string(text)


if __name__ == '__main__':
    main(*sys.argv[1:])
