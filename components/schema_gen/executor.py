"""What is known of pictures, written into the schema that TFDV infers."""

from pathlib import Path
from typing import Any

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0.schema_pb2 import Schema
from tfx.components.schema_gen import executor as stock
from tfx.dsl.io import fileio
from tfx.types import Artifact, artifact_utils
from tfx.types.standard_component_specs import SCHEMA_KEY
from tfx.utils import io_utils

from components.image_example_gen.columns import ALWAYS, IMAGE, LABEL, URI

OPEN = (IMAGE, LABEL, URI)
"""Columns whose values are not held against those seen when the schema was inferred."""


class Executor(stock.Executor):
    """Writes what the stock executor writes, with what is known of pictures."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write `schema.pbtxt`."""
        super().Do(input_dict, output_dict, exec_properties)
        folder = artifact_utils.get_single_uri(output_dict[SCHEMA_KEY])
        path = io_utils.get_only_uri_in_dir(folder)
        schema = io_utils.SchemaReader().read(path)
        fileio.remove(path)
        io_utils.write_pbtxt_file(f'{folder}/{Path(path).name}', of_pictures(schema))


def of_pictures(inferred: Schema) -> Schema:
    """Return a schema with what is known of the columns that every picture has.

    What they may hold is not held against later pictures: `image` is encoded pictures, and no
    list of names is complete.
    """
    schema = Schema()
    schema.CopyFrom(inferred)
    for feature in schema.feature:
        if feature.name in OPEN:
            feature.ClearField('domain_info')
        if feature.name in ALWAYS:
            feature.presence.min_fraction = 1.0
            feature.ClearField('shape_type')
            feature.shape.dim.add(size=1)
    tfdv.get_feature(schema, IMAGE).image_domain.SetInParent()
    used = {feature.domain for feature in schema.feature}
    kept = [domain for domain in schema.string_domain if domain.name in used]
    del schema.string_domain[:]
    schema.string_domain.extend(kept)
    return schema
