"""Splits of pictures: from encoded bytes in examples to pixels in batches."""

import math
import os
from collections.abc import Sequence

import tensorflow as tf
import tensorflow_transform as tft

from models import dataset
from models.columns import Columns
from models.dataset import Share, Split, find_files, records
from models.inputs import Columns as RawColumns
from models.inputs import ModelInput, Tensors, TransformGraph
from models.labels import DataError, Tally, class_ids
from models.settings import TrainerConfig
from models.target import Target
from transforms.image import IMAGE
from transforms.image_augmentation import augment
from transforms.image_decoding import Plain, plain_formats
from transforms.image_fitting import all_pixels, pixels
from transforms.image_settings import ImageInput

READ_BATCH = 64
"""Examples parsed at a time; their pictures are decoded one by one, in parallel."""

DECODED_BATCH = 32
"""Pictures put together at a time where all are decoded."""

SHUFFLE_BYTES = 2**28
"""Bytes of encoded pictures that a streamed split is shuffled within."""


class PictureGraph(TransformGraph):
    """The transform of a pipeline about pictures, up to the pixels that a model sees.

    Attributes:
        image: what that is.
    """

    def __init__(self, output: tft.TFTransformOutput, config: TrainerConfig) -> None:
        """Read the graph.

        Args:
            output: of the Transform component.
            config: with settings of `image`.

        Raises:
            InputError: there is no label.
        """
        self.image = config.image or ImageInput()
        pixels = ModelInput(IMAGE, None, self.image.shape)
        super().__init__(output, config.label, config.task, (pixels,))

    def encoded(self, columns: RawColumns) -> tuple[tf.Tensor, tf.Tensor]:
        """Return pictures as files hold them, and the label; string `[batch]` each."""
        transformed = self._transformed(columns)
        return transformed[IMAGE], self._flat_label(transformed)

    def decoded(self, contents: tf.Tensor) -> Tensors:
        """Make the input of models, uint8 `[batch, height, width, channels]`, from files' bytes."""
        return {IMAGE: all_pixels(contents, self.image)}

    def _adapted(self, transformed: Tensors) -> Tensors:
        return self.decoded(transformed[IMAGE])


class PictureReader:
    """Reads the pictures of one split."""

    def __init__(
        self, name: str, patterns: Sequence[str], graph: PictureGraph, target: Target
    ) -> None:
        """Find the files.

        Args:
            name: of the split, for messages.
            patterns: of TFRecord files of tf.Examples, gzipped if so named.
            graph: makes pixels and label of them.
            target: what is predicted.

        Raises:
            DataError: there are no files.
        """
        self.name = name
        self.files = find_files(name, patterns)
        self._graph = graph
        self._target = target
        self._ids = class_ids(target.classes)
        self._buffer = READ_BATCH
        self._plain = Plain.NO

    def read(self, must_know_all: bool) -> Split:
        """Count the pictures, and decode all once if they fit in memory.

        Args:
            must_know_all: whether a label of no known class is an error, not just left out.

        Raises:
            DataError: there are no pictures, one cannot be decoded, or labels are missing or of no
                known class.
        """
        tally = Tally(self._target)
        size = 0
        formats: set[int] = set()
        for columns, label, text in self._encoded(None):
            tally.add(label.numpy(), text.numpy())
            size += int(tf.reduce_sum(tf.strings.length(columns[IMAGE])))
            formats |= set(plain_formats(columns[IMAGE]).numpy().tolist())
        tally.check(self.name, must_know_all)
        self._plain = Plain(formats.pop()) if len(formats) == 1 else Plain.NO
        self._buffer = max(READ_BATCH, SHUFFLE_BYTES * tally.rows // max(size, 1))
        columns = None
        if tally.rows * math.prod(self._graph.image.shape) <= dataset.MEMORY_LIMIT:
            columns = self._all()
        return Split(tally.rows, tally.statistics(), columns, self, self._change())

    def stream(
        self, batch_size: int, seed: int | None = None, share: Share | None = None
    ) -> tf.data.Dataset:
        """Return batches of pixels and label as `Stream`; unknown classes are left out."""

        @tf.autograph.experimental.do_not_convert
        def decoded(columns: Tensors, label: tf.Tensor) -> Columns:
            return {IMAGE: pixels(columns[IMAGE], self._graph.image, self._plain)}, label

        encoded = self._encoded(seed, share).map(_known)
        one_by_one = (encoded if seed is None else encoded.repeat()).unbatch()
        # Left to itself tf.data begins with one at a time, and small splits are over before it
        # finds that more are better.
        cores = len(os.sched_getaffinity(0))
        return one_by_one.map(decoded, num_parallel_calls=cores).batch(batch_size)

    def _encoded(self, seed: int | None, share: Share | None = None) -> tf.data.Dataset:
        """Return batches of (encoded pictures by name, class or -1, label as it was)."""

        @tf.autograph.experimental.do_not_convert
        def parsed(examples: tf.Tensor) -> tuple[Tensors, tf.Tensor, tf.Tensor]:
            columns = tf.io.parse_example(examples, self._graph.raw | self._graph.raw_label)
            contents, label = self._graph.encoded(columns)
            return {IMAGE: contents}, self._ids.lookup(label), label

        rows = records(self.files, seed, self._buffer, share)
        return rows.batch(READ_BATCH).map(parsed, num_parallel_calls=tf.data.AUTOTUNE)

    def _all(self) -> Columns:
        with tf.device('CPU:0'):  # where batches are made, whatever trains on them
            try:
                batches = list(self.stream(DECODED_BATCH))
            except tf.errors.InvalidArgumentError as error:
                raise DataError(
                    f'split {self.name!r} has a picture that cannot be decoded: {error.message}'
                ) from None
            return tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *batches)

    def _change(self) -> dataset.Change | None:
        image = self._graph.image
        if not image.augment.changes_something:
            return None
        return lambda inputs, seed: {IMAGE: augment(inputs[IMAGE], image, seed)}


@tf.autograph.experimental.do_not_convert
def _known(inputs: Tensors, label: tf.Tensor, _: tf.Tensor) -> Columns:
    """Leave pictures out whose class is unknown."""
    known = label >= 0
    masked = {name: tf.boolean_mask(value, known) for name, value in inputs.items()}
    return masked, tf.boolean_mask(label, known)
