"""The `run_fn` of the stock pipeline: Sluice's model, fed and exported as TFX's templates do."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.public.tfxio import TensorFlowDatasetOptions

from benchmarks.natality import BATCH_SIZE, LABEL, LEARNING_RATE
from models import wide_deep
from models.inputs import model_inputs
from models.losses import StandardSquaredError
from models.settings import WideDeep
from models.target import LabelStatistics, Target

SEED = 1
_LABEL_SAMPLE = 20


def run_fn(fn_args: Any) -> None:
    """Train on materialized transformed examples, and export a model that takes raw ones."""
    keras.utils.set_random_seed(SEED)
    transform = tft.TFTransformOutput(fn_args.transform_output)
    train = _batches(fn_args, fn_args.train_files, transform)
    evaluation = _batches(fn_args, fn_args.eval_files, transform)
    inputs = model_inputs(transform.transformed_metadata.schema, LABEL)
    labels = np.concatenate([label for _, label in train.take(_LABEL_SAMPLE).as_numpy_iterator()])
    statistics = LabelStatistics(float(labels.mean()), float(labels.std()))
    model = wide_deep.build(
        inputs, WideDeep(hidden=(64, 32)), Target('regression', LABEL), statistics
    )
    model.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=StandardSquaredError(statistics.deviation),
        metrics=[keras.metrics.RootMeanSquaredError(), keras.metrics.MeanAbsoluteError()],
    )
    model.fit(
        train,
        steps_per_epoch=fn_args.train_steps,
        validation_data=evaluation,
        validation_steps=fn_args.eval_steps,
        verbose=2,
    )
    _export(model, transform, fn_args.serving_model_dir)


def _batches(fn_args: Any, files: Any, transform: tft.TFTransformOutput) -> tf.data.Dataset:
    options = TensorFlowDatasetOptions(batch_size=BATCH_SIZE, label_key=LABEL)
    schema = transform.transformed_metadata.schema
    return fn_args.data_accessor.tf_dataset_factory(files, options, schema).repeat()


def _export(model: keras.Model, transform: tft.TFTransformOutput, folder: str) -> None:
    module = tf.Module()
    module.model, module.variables_of_model = model, model.variables
    module.transform = transform.transform_features_layer()
    specs = transform.raw_feature_spec()
    del specs[LABEL]

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='examples')])
    def serve(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        transformed = module.transform(tf.io.parse_example(examples, specs))
        return {'outputs': model({name: transformed[name] for name in model.input})}

    tf.saved_model.save(module, folder, signatures={'serving_default': serve})
