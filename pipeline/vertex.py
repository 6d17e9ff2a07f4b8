"""Compile a recipe for Vertex Pipelines."""

import json
from typing import Any

from tfx.orchestration.data_types import RuntimeParameter
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)
from tfx.orchestration.pipeline import Pipeline

from components.image_example_gen.settings import DIGITS, ImageData
from components.query_example_gen.reader import query_text
from components.query_example_gen.settings import Data
from pipeline.beam import IN_MEMORY
from pipeline.dag import Site, create_pipeline
from pipeline.dataflow import dataflow_args
from pipeline.hardware_check import check_search
from pipeline.recipe import Recipe
from pipeline.repairs import repair
from pipeline.vertex_check import check_jobs, check_vertex
from pipeline.vertex_settings import REMOTE


def compile_recipe(recipe: Recipe, if_new_data: bool = False) -> str:
    """Return the pipeline job of a recipe as JSON, sorted and indented.

    The same recipe gives the same text on every machine. Nothing is sent anywhere.

    Args:
      recipe: The job.
      if_new_data: Whether a run is to end at once if no day that came into its window has rows.

    Raises:
      ValueError: The recipe doesn't say where on Google Cloud it runs, asks for what Vertex doesn't
        have, has its schema on this machine, or its query in a file that can't be read; the first
        word is the key path.
    """
    if recipe.vertex is None:
        raise ValueError('vertex: is required to compile: give root (gs://bucket/path) and image')
    root = recipe.vertex.root.rstrip('/')
    beam_args: tuple[str, ...] = IN_MEMORY
    if recipe.dataflow:
        beam_args = dataflow_args(recipe.dataflow, recipe.vertex, recipe.name)
    site = Site(
        pipeline_root=f'{root}/pipelines/{recipe.name}',
        push_to=f'{root}/serving_models/{recipe.name}' if recipe.push.local else None,
        vertex=recipe.vertex,
        beam_args=beam_args,
        output_root=f'{root}/predictions/{recipe.name}',
        if_new_data=if_new_data,
    )
    if if_new_data:
        _check_window(recipe)
    check_search(recipe)
    check_vertex(recipe.vertex, recipe)
    pipeline = create_pipeline(_for_vertex(recipe), site)
    check_jobs(_custom_configs(pipeline))
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image=recipe.vertex.image, use_pipeline_spec_2_1=True)
    )
    job = repair(runner.run(pipeline, write_out=False), _defaults(pipeline))
    return json.dumps(job, indent=2, sort_keys=True, ensure_ascii=False) + '\n'


def _check_window(recipe: Recipe) -> None:
    if recipe.table is None or recipe.table.window is None:
        raise ValueError(
            'data.window: is required by --if-new-data, as it says which days are new; without '
            'one, Vertex takes all steps from its cache if the data has not changed'
        )


def _for_vertex(recipe: Recipe) -> Recipe:
    """Take queries out of their files, and leave out files for tables: BigQuery has those.

    Raises:
      ValueError: Pictures or the schema are on this machine, or a query can't be read.
    """
    if isinstance(recipe.data, ImageData):
        return recipe.model_copy(update={'data': _remote_pictures(recipe.data, recipe)})
    schema = recipe.data.schema_file
    if schema and not schema.startswith(REMOTE):
        raise ValueError(
            f'data.schema: {schema!r} is on this machine; Vertex needs a {REMOTE} path'
        )
    moved: dict[str, Any] = {
        'data': recipe.data.model_copy(update=_in_bigquery(recipe.data, recipe))
    }
    if recipe.batch and recipe.batch_data:
        text = query_text(recipe.batch_data)
        moved['batch'] = recipe.batch.model_copy(update=_only_query(text))
    return recipe.model_copy(update=moved)


def _only_query(text: str) -> dict[str, Any]:
    return {'query': text, 'query_file': None, 'local': {}}


def _in_bigquery(data: Data, recipe: Recipe) -> dict[str, Any]:
    """Return what changes in a query that BigQuery runs: who pays, and the labels on the bill."""
    vertex = recipe.vertex
    labels = (vertex.labels if vertex else {}) | {'pipeline': recipe.name} | data.labels
    project = data.project or (vertex.project if vertex else None)
    return _only_query(query_text(data)) | {'project': project, 'labels': labels}


def _remote_pictures(data: ImageData, recipe: Recipe) -> ImageData:
    if isinstance(data.images, str):
        if data.images != DIGITS and not data.images.startswith(REMOTE):
            raise ValueError(
                f'data.images: {data.images!r} is on this machine; Vertex needs a {REMOTE} path'
            )
        return data
    update = _in_bigquery(data.images.data, recipe)
    if not data.images.root.startswith(REMOTE):
        update['root'] = '.'
    images = data.images.model_copy(update=update)
    return data.model_copy(update={'images': images})


def _custom_configs(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    """Return what Trainer and Tuner are told, by the key path that it comes from."""
    return {
        f'hardware.{c.id.lower()}': json.loads(c.exec_properties['custom_config'])
        for c in pipeline.components
        if c.id in ('Trainer', 'Tuner')
    }


def _defaults(pipeline: Pipeline) -> dict[str, str | int | float]:
    """Return the runtime parameters of a pipeline that have a default, with it."""
    properties = [v for c in pipeline.components for v in c.exec_properties.values()]
    parameters = [p for p in properties if isinstance(p, RuntimeParameter)]
    return {p.name: p.default for p in parameters if p.default is not None}
