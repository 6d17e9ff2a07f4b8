"""The DAG: from a query or pictures to a pushed model, top to bottom."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

from tfx import components as tfx
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.experimental.conditionals.conditional import Cond
from tfx.dsl.input_resolution.strategies.latest_artifact_strategy import LatestArtifactStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)
from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import bulk_inferrer_pb2, trainer_pb2
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing, ModelEvaluation

from components.data_gate.component import DataGate
from components.evaluator.component import Evaluator
from components.image_example_gen.component import ImageExampleGen
from components.image_example_gen.settings import ImageData
from components.new_data_gate.component import NewDataGate
from components.new_data_gate.executor import NEW
from components.prediction_table.component import PredictionTable
from components.prediction_table.settings import COLUMNS
from components.pusher.component import Pusher
from components.query_example_gen.component import QueryExampleGen
from components.query_example_gen.settings import Data
from components.report.component import Report
from components.resolvers import (
    StandingBlessedModel,
    baseline_resolver,
    previous_statistics_resolver,
)
from components.schema_gen.component import SchemaGen
from components.serving_gate.component import ServingGate
from components.statistics_gen.component import StatisticsGen
from components.trainer.component import Trainer
from components.transform.component import Transform
from components.tuner.component import Tuner
from pipeline.machine_requests import MachineRequest, request_for, resources_of_steps
from pipeline.recipe import Recipe
from pipeline.vertex_settings import Vertex

Parameter = TypeVar('Parameter', str, int, float)

SCHEDULED = '{{$.pipeline_job_schedule_time_utc}}'
"""What Vertex puts the time in, that a run was scheduled for."""


@dataclass(frozen=True)
class Site:
    """Where a DAG runs, and what differs there."""

    pipeline_root: str
    push_to: str | None
    vertex: Vertex | None = None
    beam_args: tuple[str, ...] = ()
    output_root: str | None = None
    date: str = ''
    """Date of the run, `2026-01-31`, that windows of data end at; '' if a schedule decides."""
    if_new_data: bool = False
    """Whether a run asks first for rows of days that came into the window, and ends without any."""

    @property
    def on_vertex(self) -> bool:
        """Whether it is Vertex, not this machine."""
        return self.vertex is not None

    def parameter(self, name: str, value: Parameter) -> Parameter | RuntimeParameter:
        """Return a value that may be another in each run, if runs can be told so: on Vertex.

        Args:
          name: What it is called where a run is started; two of one name are one parameter.
          value: The recipe's, which is the default.
        """
        return RuntimeParameter(name, type(value), value) if self.on_vertex else value


def create_pipeline(recipe: Recipe, site: Site, metadata: Any = None) -> Pipeline:
    """Make the TFX pipeline of a recipe.

    Args:
      recipe: The job.
      site: Where it runs.
      metadata: Connection to the metadata store; None on Vertex, which has its own.
    """
    last_evaluation, new_data_gate = _new_data_gate(recipe, site)
    with _only_if_new(new_data_gate):  # without examples, no other step has anything to do
        example_gen = _example_gen(recipe, site)
        batch_rows = _batch_rows(recipe, site)
    examples = example_gen.outputs['examples']

    statistics_gen = StatisticsGen(examples=examples)
    statistics = statistics_gen.outputs['statistics']
    schema_gen = _schema_gen(recipe, statistics)
    schema = schema_gen.outputs['schema']
    validator = tfx.ExampleValidator(statistics=statistics, schema=schema)
    previous = previous_statistics_resolver(statistics, on_vertex=site.on_vertex)
    data_gate = DataGate(
        examples=examples,
        statistics=statistics,
        schema=schema,
        anomalies=validator.outputs['anomalies'],
        previous_statistics=previous.outputs['statistics'],
        config=recipe.data_gate_terms,
    )

    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=recipe.preprocessing_fn,
        custom_config=recipe.preprocessing_config,
    )
    transform.add_upstream_node(data_gate)
    prepared = {
        'examples': examples,
        'schema': schema,
        'transform_graph': transform.outputs['transform_graph'],
        'train_args': trainer_pb2.TrainArgs(splits=['train']),
        'eval_args': trainer_pb2.EvalArgs(splits=['eval']),
    }
    tuner = _tuner(recipe, site, prepared)
    last_blessed = _last_blessed(recipe, on_vertex=site.on_vertex)
    machines = request_for('trainer', recipe, site.vertex)
    trainer = Trainer(
        run_fn='models.trainer.run_fn',
        hyperparameters=tuner.outputs['best_hyperparameters'] if tuner else None,
        base_model=last_blessed.outputs['model'] if last_blessed else None,
        epochs=site.parameter('epochs', recipe.train.epochs),
        in_job=machines.job is not None,
        custom_config={
            **_learning(recipe, machines),
            'described': recipe.described.model_dump(mode='json'),
            # Beside the runs, whose folders differ: a second try finds what the first one left.
            'checkpoints': f'{site.pipeline_root.rstrip("/")}/checkpoints',
        },
        **prepared,
    )
    if machines.resources:
        trainer.with_platform_config(machines.resources)
    model = trainer.outputs['model']

    baseline = baseline_resolver(model, on_vertex=site.on_vertex)
    evaluator = Evaluator(
        examples=examples,
        model=model,
        baseline_model=baseline.outputs['model'],
        config=recipe.evaluator_config,
    )
    serving_gate = ServingGate(
        examples=examples,
        model=model,
        model_blessing=evaluator.outputs['blessing'],
        config=recipe.serving_gate_config,
    )
    pusher = _pusher(recipe, site, model, evaluator, serving_gate)
    report = Report(
        evaluation=evaluator.outputs['evaluation'],
        model=model,
        baseline_model=baseline.outputs['model'],
        model_run=trainer.outputs['model_run'],
        tuner_results=tuner.outputs['tuner_results'] if tuner else None,
        examples=examples,
        statistics=statistics,
        previous_statistics=previous.outputs['statistics'],
        schema=schema,
        anomalies=validator.outputs['anomalies'],
        transform_graph=transform.outputs['transform_graph'],
        config=recipe.report_terms,
    )
    if pusher and not site.on_vertex:
        # Here steps are done one after the other, and a push is not to wait for a page.
        report.add_upstream_node(pusher)

    steps = [
        last_evaluation, new_data_gate, example_gen, statistics_gen, schema_gen, validator,
        previous, data_gate, transform, tuner, last_blessed, trainer, baseline, evaluator,
        serving_gate, pusher,
        _endpoint_pusher(recipe, site, examples, model, evaluator, serving_gate),
        *_batch(recipe, site, batch_rows, model, evaluator.outputs['blessing']), report,
    ]  # fmt: skip
    made = [step for step in steps if step]
    resources_of_steps(made, recipe, site.vertex)
    return Pipeline(
        pipeline_name=recipe.name,
        pipeline_root=site.pipeline_root,
        components=made,
        enable_cache=True,
        metadata_connection_config=metadata,
        beam_pipeline_args=list(site.beam_args),
    )


def _example_gen(recipe: Recipe, site: Site) -> BaseNode:
    if isinstance(recipe.data, ImageData):
        return ImageExampleGen(data=recipe.data)
    return _query(recipe.data, site, 'query_parameters')


def _query(data: Data, site: Site, parameters: str) -> BaseNode:
    """Read a query; a run may be told its date, and other values of the query's parameters.

    Args:
      data: The query.
      site: Where it runs.
      parameters: What the values are called where a run is started.
    """
    return QueryExampleGen(data=data, **_told(data, site, parameters))


def _told(data: Data, site: Site, parameters: str) -> dict[str, Any]:
    """Return what a step that asks a query is told of the run."""
    told: dict[str, Any] = {}
    if data.window:
        told['date'] = site.parameter('date', site.date)
        if site.on_vertex:
            told |= {'scheduled': SCHEDULED, 'time_zone': site.parameter('time_zone', 'UTC')}
    if data.parameters:
        told['parameters'] = site.parameter(parameters, '')
    return told


def _new_data_gate(recipe: Recipe, site: Site) -> tuple[BaseNode | None, BaseNode | None]:
    """Ask for rows that the last model has not seen, and find the evaluation that says which."""
    data = recipe.table
    if not site.if_new_data or data is None or data.window is None:
        return None, None
    last_evaluation = Resolver(
        strategy_class=LatestArtifactStrategy, evaluation=Channel(type=ModelEvaluation)
    ).with_id('last_evaluation')
    gate = NewDataGate(
        data=data,
        last_evaluation=last_evaluation.outputs['evaluation'],
        **_told(data, site, 'query_parameters'),
    )
    return last_evaluation, gate


def _only_if_new(gate: BaseNode | None) -> AbstractContextManager[Any]:
    """Skip what is made in the block, and with it what waits for that, if there are no new rows."""
    if gate is None:
        return nullcontext()
    condition: AbstractContextManager[Any] = Cond(
        gate.outputs['news'].future()[0].custom_property(NEW) == 1
    )
    return condition


def _schema_gen(recipe: Recipe, statistics: Channel) -> BaseNode:
    """Infer the schema, or take the curated one; columns are optional unless that says not."""
    if isinstance(recipe.data, ImageData):
        return SchemaGen(statistics=statistics)
    if recipe.data.schema_file:
        return tfx.ImportSchemaGen(schema_file=recipe.data.schema_file)
    return tfx.SchemaGen(statistics=statistics, infer_feature_shape=False)


def _learning(recipe: Recipe, machines: MachineRequest) -> dict[str, Any]:
    """Return what Trainer and Tuner are told, with what their machines have."""
    config = recipe.trainer_config.model_copy(update={'devices': machines.devices})
    return {'trainer': config.model_dump(mode='json'), **machines.in_config}


def _tuner(recipe: Recipe, site: Site, prepared: dict[str, Any]) -> BaseNode | None:
    if not recipe.tune.trials:
        return None
    machines = request_for('tuner', recipe, site.vertex)
    tuner = Tuner(
        tuner_fn='models.tuner.tuner_fn',
        parallel=recipe.tune.parallel,
        in_job=machines.job is not None,
        custom_config=_learning(recipe, machines),
        **prepared,
    )
    if machines.resources:
        tuner.with_platform_config(machines.resources)
    return tuner


def _last_blessed(recipe: Recipe, on_vertex: bool) -> BaseNode | None:
    """Find the model that a warm start goes on from; on Vertex only TFX's own strategy compiles."""
    if not recipe.train.warm_start:
        return None
    return Resolver(
        strategy_class=LatestBlessedModelStrategy if on_vertex else StandingBlessedModel,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
    ).with_id('last_blessed_model')


def _pusher(
    recipe: Recipe, site: Site, model: Channel, evaluator: BaseNode, serving_gate: BaseNode
) -> BaseNode | None:
    if not site.push_to:
        return None
    return Pusher(
        model=model,
        model_blessing=evaluator.outputs['blessing'],
        infra_blessing=serving_gate.outputs['blessing'],
        evaluation=evaluator.outputs['evaluation'],
        card=recipe.card_terms,
        push_to=site.push_to,
    )


def _endpoint_pusher(
    recipe: Recipe,
    site: Site,
    examples: Channel,
    model: Channel,
    evaluator: BaseNode,
    serving_gate: BaseNode,
) -> BaseNode | None:
    terms = recipe.endpoint_terms if site.on_vertex else None
    if terms is None:
        return None
    # Vertex's clients take a second to import, which local runs would wait for.
    from components.endpoint_pusher.component import EndpointPusher

    return EndpointPusher(
        model=model,
        model_blessing=evaluator.outputs['blessing'],
        infra_blessing=serving_gate.outputs['blessing'],
        examples=examples,
        evaluation=evaluator.outputs['evaluation'],
        config=terms,
        endpoint=site.parameter('endpoint', terms.endpoint_name),
    )


def _batch_rows(recipe: Recipe, site: Site) -> BaseNode | None:
    """Read rows that have no label."""
    if not recipe.batch_data:
        return None
    return _query(recipe.batch_data, site, 'batch_parameters').with_id('BatchExampleGen')


def _batch(
    recipe: Recipe, site: Site, rows: BaseNode | None, model: Channel, blessing: Channel
) -> list[BaseNode]:
    """Predict them, into a table."""
    if not recipe.batch or not rows:
        return []
    output = recipe.batch.output
    inferrer = tfx.BulkInferrer(
        examples=rows.outputs['examples'],
        model=model,
        model_blessing=blessing,
        model_spec=bulk_inferrer_pb2.ModelSpec(model_signature_name=['serving_examples']),
        output_example_spec=_output_columns(COLUMNS[recipe.task]),
    )
    table = PredictionTable(
        examples=inferrer.outputs['output_examples'],
        output=f'{site.output_root}/{output}' if site.output_root else output,
    )
    return [rows, inferrer, table]


def _output_columns(columns: dict[str, str]) -> bulk_inferrer_pb2.OutputExampleSpec:
    column = bulk_inferrer_pb2.PredictOutputCol
    named = [column(output_key=key, output_column=name) for key, name in columns.items()]
    spec = bulk_inferrer_pb2.OutputColumnsSpec(
        predict_output=bulk_inferrer_pb2.PredictOutput(output_columns=named)
    )
    return bulk_inferrer_pb2.OutputExampleSpec(output_columns_spec=[spec])
