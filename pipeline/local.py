"""Run a recipe on this machine: LocalDagRunner a step at a time, watched and recorded."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline import report
from pipeline.beam import IN_MEMORY
from pipeline.errors import one_line
from pipeline.imports import importing
from pipeline.outcomes import collect
from pipeline.progress import Progress
from pipeline.recipe import Recipe
from pipeline.records import Run, Step
from pipeline.store import Store

if TYPE_CHECKING:
    from tfx.proto.orchestration.pipeline_pb2 import Pipeline


def run_locally(recipe: Recipe, record: Run, store: Store, progress: Progress) -> None:
    """Run every step of a recipe's DAG, reusing what is unchanged, and keep `record` up to date.

    The caller holds the store's lock.

    Raises:
      Exception: Whatever a step raised; the record has it in one line. Steps that ended
        before it are kept.
      KeyboardInterrupt: Passed on, after the record says so.
    """
    started = time.monotonic()
    try:
        with progress.during('Loading TFX'), importing():
            run = _LocalRun(recipe, record, store, progress)
        with _without_arguments():
            run.all_steps()
        record.state = 'done'
        record.seconds = round(time.monotonic() - started, 2)
        _draw_report(record, store)
    except KeyboardInterrupt:
        record.state = 'interrupted'
        raise
    except Exception as error:
        logging.getLogger(__name__).exception('%s failed', record.run)
        record.state = 'failed'
        record.error = one_line(error)
        raise
    finally:
        record.seconds = round(time.monotonic() - started, 2)
        store.runs.save(record)


@contextmanager
def _without_arguments() -> Iterator[None]:
    """Hide this command's options: TFX gives them to absl, which takes `-v` for one of its own."""
    arguments = sys.argv
    sys.argv = arguments[:1]
    try:
        yield
    finally:
        sys.argv = arguments


class _LocalRun:
    """One run; made only once TFX may be imported."""

    def __init__(self, recipe: Recipe, record: Run, store: Store, progress: Progress) -> None:
        from absl import logging as absl_logging
        from ml_metadata import MetadataStore
        from tfx.dsl.compiler.compiler import Compiler
        from tfx.orchestration import metadata

        from pipeline import lineage
        from pipeline.dag import Site, create_pipeline
        from pipeline.fingerprints import fingerprints

        absl_logging.set_verbosity(absl_logging.INFO)
        logging.getLogger('components').setLevel(logging.INFO)
        self.recipe, self.record, self.store, self.progress = recipe, record, store, progress
        root = store.pipeline_root(recipe.name)
        served = recipe.served_at()
        site = Site(
            str(root.absolute()),
            push_to=str(served) if served else None,
            beam_args=IN_MEMORY,
            date=record.date or '',
        )
        connection = metadata.sqlite_metadata_connection_config(str(store.metadata))
        self.mlmd = MetadataStore(connection)
        lineage.clear_abandoned(self.mlmd, store.folder / 'pipelines')
        self.pipeline = Compiler().compile(create_pipeline(recipe, site, connection))
        digests = fingerprints(recipe)
        _add_fingerprints(self.pipeline, digests)
        steps = [node.pipeline_node.node_info for node in self.pipeline.nodes]
        record.steps = [
            Step(name=s.id, fingerprint=digests.get(s.id)) for s in steps if s.type.name != RESOLVER
        ]
        store.runs.save(record)

    def all_steps(self) -> None:
        """Run the nodes in the order of the DAG."""
        from tfx.dsl.compiler.constants import PIPELINE_RUN_ID_PARAMETER_NAME
        from tfx.orchestration.local.local_dag_runner import LocalDagRunner
        from tfx.orchestration.portable import runtime_parameter_utils

        runtime_parameter_utils.substitute_runtime_parameter(
            self.pipeline, {PIPELINE_RUN_ID_PARAMETER_NAME: self.record.run}
        )
        for node in self.pipeline.nodes:
            alone = type(self.pipeline)()
            alone.CopyFrom(self.pipeline)
            del alone.nodes[:]
            alone.nodes.append(node)
            name = node.pipeline_node.node_info.id
            try:
                with self._watched(name):
                    LocalDagRunner().run_with_ir(alone)
            except Exception as error:
                # The model is judged, and pushed if it is blessed; a picture of that is not worth
                # a failed run.
                if name != report.STEP:
                    raise
                logging.getLogger(__name__).exception('%s failed', name)
                self.record.step(name).note = one_line(error)
                self.record.notes.append(f'the report could not be made: {one_line(error)}')

    @contextmanager
    def _watched(self, name: str) -> Iterator[None]:
        """Show and record one step; resolvers are not shown."""
        step = next((s for s in self.record.steps if s.name == name), None)
        if step is None:
            yield
            return
        step.state = 'running'
        self.store.runs.save(self.record)
        started = time.monotonic()
        try:
            with self.progress.during(name) as reported:
                yield
                self._collect(step, reported.summary)
        except BaseException as error:
            step.state = 'failed' if isinstance(error, Exception) else 'pending'
            raise
        finally:
            step.seconds = round(time.monotonic() - started, 2)
            self.store.runs.save(self.record)
            self.progress.ended(step)

    def _collect(self, step: Step, summary: str) -> None:
        """Take what came of a step from the metadata store into the record."""
        from pipeline.lineage import last_execution

        execution = last_execution(self.mlmd, self.recipe.name, step.name)
        step.state = 'cached' if execution.cached else 'done'
        collect(self.record, step, execution.outputs, summary)


def _draw_report(record: Run, store: Store) -> None:
    """Put the report with the run's own times into the store, if there is one."""
    try:
        record.report = str(report.write_report(record, store))
    except report.NoReportError:
        return
    except OSError as error:
        record.notes.append(f'the report could not be written: {one_line(error)}')


RESOLVER = 'tfx.dsl.components.common.resolver.Resolver'


def _add_fingerprints(pipeline: 'Pipeline', by_step: dict[str, str]) -> None:
    """Put digests of code and data into the execution properties, so into the cache's key."""
    for node in pipeline.nodes:
        node_id = node.pipeline_node.node_info.id
        if node_id in by_step:
            parameter = node.pipeline_node.parameters.parameters['fingerprint']
            parameter.field_value.string_value = by_step[node_id]
