"""The schema of a run as a frame."""

from pathlib import Path

import pandas as pd
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

FILE = 'schema.pbtxt'


def schema_frame(folder: Path) -> pd.DataFrame:
    """Return the columns of the schema in a folder: name, type, required, values, domain."""
    text = (folder / FILE).read_text(encoding='utf-8')
    schema = text_format.Parse(text, schema_pb2.Schema())
    shared = {domain.name: list(domain.value) for domain in schema.string_domain}
    return pd.DataFrame(
        [
            {
                'name': feature.name,
                'type': schema_pb2.FeatureType.Name(feature.type),
                'required': feature.presence.min_fraction == 1 or feature.HasField('shape'),
                'domain': shared.get(feature.domain) or list(feature.string_domain.value) or None,
            }
            for feature in schema.feature
        ]
    )
