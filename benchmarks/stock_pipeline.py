"""Stock TFX, CsvExampleGen to Pusher, as its templates put it together.

    python -m benchmarks.stock_pipeline FOLDER ROWS in_memory|multi_processing

The folder holds `table/natality.csv`; metadata and artifacts go beside it.
"""

import sys
from pathlib import Path

import tensorflow_model_analysis as tfma
from tfx import v1 as tfx

from benchmarks.natality import LABEL, RECIPE, SLICES, train_steps

EVAL_STEPS = 20
METADATA = 'metadata.sqlite'
_METRICS = (
    'ExampleCount',
    'RootMeanSquaredError',
    'MeanAbsoluteError',
    'SquaredPearsonCorrelation',
)


def create_pipeline(folder: Path, rows: int, mode: str) -> tfx.dsl.Pipeline:
    """Make the pipeline.

    Args:
        folder: Holds the table, and gets everything else.
        rows: Of the table; the model is trained on its train split once.
        mode: Beam's `direct_running_mode`; the templates' default is multi_processing.
    """
    examples = tfx.components.CsvExampleGen(input_base=str(folder / 'table'))
    statistics = tfx.components.StatisticsGen(examples=examples.outputs['examples'])
    schema = tfx.components.SchemaGen(
        statistics=statistics.outputs['statistics'], infer_feature_shape=False
    )
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs['statistics'], schema=schema.outputs['schema']
    )
    transform = tfx.components.Transform(
        examples=examples.outputs['examples'],
        schema=schema.outputs['schema'],
        preprocessing_fn='transforms.tabular.preprocessing_fn',
        custom_config=_transform_config(),
    )
    trainer = tfx.components.Trainer(
        run_fn='benchmarks.stock_model.run_fn',
        examples=transform.outputs['transformed_examples'],
        transform_graph=transform.outputs['transform_graph'],
        schema=schema.outputs['schema'],
        train_args=tfx.proto.TrainArgs(num_steps=train_steps(rows)),
        eval_args=tfx.proto.EvalArgs(num_steps=EVAL_STEPS),
    )
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs['examples'],
        model=trainer.outputs['model'],
        eval_config=_eval_config(),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs['model'],
        model_blessing=evaluator.outputs['blessing'],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(folder / 'served'))
        ),
    )
    workers = ['--direct_num_workers=0'] if mode == 'multi_processing' else []
    return tfx.dsl.Pipeline(
        pipeline_name='natality',
        pipeline_root=str(folder / 'root'),
        components=[examples, statistics, schema, validator, transform, trainer, evaluator, pusher],
        enable_cache=False,
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(folder / METADATA)
        ),
        beam_pipeline_args=[f'--direct_running_mode={mode}', *workers],
    )


def _transform_config() -> dict:
    """Return the settings that the recipe gives to the same preprocessing function."""
    from ruamel.yaml import YAML

    from pipeline.recipe import Recipe

    settings = YAML(typ='safe').load(RECIPE.format(table='none', served='none'))
    return Recipe.model_validate(settings).transform_config.model_dump(mode='json')


def _eval_config() -> tfma.EvalConfig:
    metrics = [tfma.MetricConfig(class_name=name) for name in _METRICS]
    metrics.append(
        tfma.MetricConfig(
            class_name='MeanSquaredError',
            threshold=tfma.MetricThreshold(
                value_threshold=tfma.GenericValueThreshold(upper_bound={'value': 4})
            ),
        )
    )
    return tfma.EvalConfig(
        model_specs=[tfma.ModelSpec(signature_name='serving_default', label_key=LABEL)],
        slicing_specs=[
            tfma.SlicingSpec(),
            *(tfma.SlicingSpec(feature_keys=[name]) for name in SLICES),
        ],
        metrics_specs=[tfma.MetricsSpec(metrics=metrics)],
    )


if __name__ == '__main__':
    at, count, running_mode = sys.argv[1:]
    tfx.orchestration.LocalDagRunner().run(create_pipeline(Path(at), int(count), running_mode))
