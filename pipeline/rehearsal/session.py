"""One `sluice rehearse` from the first line on the terminal to the last."""

import logging
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2 as spec_pb2
from rich.console import Console
from rich.markup import escape

from pipeline import report, show
from pipeline.errors import one_line
from pipeline.loading import dump_recipe
from pipeline.outcomes import Output, collect
from pipeline.progress import Progress, Running
from pipeline.records import Run, Step
from pipeline.rehearsal.about import about_model
from pipeline.rehearsal.asking import Asked
from pipeline.rehearsal.code import PACKAGES, code_digest
from pipeline.rehearsal.containers import HostedContainers, environment
from pipeline.rehearsal.engine import ContainerError, Engine, Kind, Result
from pipeline.rehearsal.job import Job, read_job
from pipeline.rehearsal.metadata import Metadata
from pipeline.rehearsal.parameters import parameter_values
from pipeline.rehearsal.shown import step_table
from pipeline.rehearsal.standins import HERE, StandIns, bucket_of
from pipeline.store import Store
from pipeline.terminal import quiet

STATES: Mapping[str, Any] = {'succeeded': 'done'}
NOT_SHOWN: tuple[Kind, ...] = ('resolver', 'DAG')
"""Kinds of tasks that get no line of their own while the run goes on, as in a local run."""

COMPILING = 'compile'
BASIS = ('tfx.v1', 'tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor')
OPTION = '--executor_class_path'
FUNCTIONS = ('run_fn', 'tuner_fn', 'preprocessing_fn')


def start(asked: Asked, store_folder: Path, *, as_json: bool = False, verbose: bool = False) -> Run:
    """Rehearse, tell the terminal about it, and return the record.

    Raises:
      RehearsalError: The job can't be run as it is.
      StoreError: The store can't be written to.
      KeyboardInterrupt: The run was interrupted; the record says so.
    """
    job = None if asked.recipe else read_job(asked.file)
    if job:
        parameter_values(job, asked.parameters)
    name = job.name if job else asked.recipe.name  # type: ignore[union-attr]
    store = Store(store_folder)
    store.prepare()
    run = store.runs.new_id(f'{name}-rehearsal')
    record = Run(
        run=run,
        recipe=name,
        recipe_file=str(asked.file),
        overrides=list(asked.overrides),
        log=str(store.log(run)),
        **(about_model(job) if job else {'task': asked.recipe.task}),  # type: ignore[union-attr]
    )
    if asked.recipe:
        store.recipe(run).write_text(dump_recipe(asked.recipe), encoding='utf-8')
    with quiet(store.log(run), verbose=verbose, to_stderr=as_json) as console:
        console.print(f'[bold]{name}[/bold] · rehearsal of {escape(str(asked.file))}')
        console.print(f'[dim]run {run}[/dim]')

        def waiting(holder: str) -> None:
            console.print(f'Waiting for {escape(holder)}, which uses {store.folder} …')

        rehearsal = _Rehearsal(asked, record, store, Progress(console))
        try:
            with store.locked(run, waiting):
                rehearsal.run(job)
        except Exception:
            if verbose:
                console.print_exception()
        rehearsal.tell(console)
    return record


class _Rehearsal:
    """One run; watches the engine."""

    def __init__(self, asked: Asked, record: Run, store: Store, progress: Progress) -> None:
        self._asked, self._record, self._store = asked, record, store
        self._progress = progress
        self._logs = store.log(record.run).with_suffix('')
        self._results: list[Result] = []
        self._running: AbstractContextManager[Running] | None = None
        self._reported: Running | None = None
        self._standins: StandIns | None = None
        self._containers: HostedContainers | None = None

    def run(self, job: Job | None) -> None:
        """Run the job, or that of the recipe, and keep the record up to date.

        Raises:
          Exception: Whatever ended the run; the record has it in one line.
          KeyboardInterrupt: Passed on, after the record says so.
        """
        started = time.monotonic()
        try:
            with ExitStack() as stack:
                self._all(job, stack)
        except KeyboardInterrupt:
            self._record.state = 'interrupted'
            raise
        except Exception as error:
            logging.getLogger(__name__).exception('%s failed', self._record.run)
            self._record.state = 'failed'
            why = str(error) if isinstance(error, ContainerError) else one_line(error)
            self._record.error = self._record.error or why
            raise
        finally:
            self._leave_step()
            self._record.seconds = round(time.monotonic() - started, 2)
            self._store.runs.save(self._record)

    def tell(self, console: Console) -> None:
        """Print the table of steps, the verdict, and where things are."""
        console.print()
        if self._results:
            if not console.is_terminal:
                console.width = show.UNWRAPPED
            console.print(step_table(self._results))
        console.print(show.outcome(self._record))

    def _all(self, job: Job | None, stack: ExitStack) -> None:
        cloud = self._store.folder / 'cloud'
        self._logs.mkdir(parents=True, exist_ok=True)
        with self._progress.during('Stand-ins'):
            root = job.root if job else self._asked.recipe.vertex.root  # type: ignore[union-attr]
            self._standins = stack.enter_context(
                StandIns(cloud, self._logs / 'standins.log', [bucket_of(root)], self._asked.tables)
            )
        self._containers = stack.enter_context(
            HostedContainers(
                environment(self._standins.environment, [HERE, Path.cwd()], cloud / 'home'),
                cloud / 'home',
                self._logs,
                strict=self._asked.strict,
            )
        )
        with self._progress.during('Loading TFX'):
            self._containers.load(BASIS)
        if job is None:
            with self._progress.during('Compiling'):
                job = self._compiled()
            for key, value in about_model(job).items():
                setattr(self._record, key, value)
        with self._progress.during('Loading steps'):
            self._containers.load(_modules(job))
        values = parameter_values(job, self._asked.parameters)
        engine = Engine(
            job,
            self._record.run,
            code_digest(HERE, Path.cwd()),
            Metadata(cloud / 'metadata.json'),
            self._containers,
            self._standins.local,
            self,
        )
        for method, status in self._asked.faults:
            self._standins.fail(method, status)
        succeeded = engine.run(values)
        failed_calls = [f'{method} failed, as --fault asked' for method in self._standins.failed()]
        self._record.notes = [*self._record.notes, *failed_calls]
        if not succeeded:
            failed = next(r for r in self._results if r.state == 'failed')
            self._record.error = failed.note
            self._record.log = str(self._containers.log_of(failed.task))
            raise ContainerError(failed.note)
        self._record.state = 'done'
        self._draw_report()

    def _compiled(self) -> Job:
        """Compile the recipe as `sluice compile` does, in a container, and read what it wrote."""
        assert self._containers
        file = (self._logs / 'pipeline.json').absolute()
        overrides = [part for text in self._asked.overrides for part in ('--set', text)]
        command = ['python', '-m', 'pipeline', 'compile', str(self._asked.file.absolute())]
        command += [*overrides, '--output', str(file)]
        self._containers.run(COMPILING, command, {}, Path.cwd())
        return read_job(file)

    def started(self, task: str, kind: Kind) -> None:
        """Show that a task runs."""
        if kind in NOT_SHOWN:
            return
        self._record.steps = [*self._record.steps, Step(name=task, state='running')]
        self._store.runs.save(self._record)
        self._running = self._progress.during(task)
        self._reported = self._running.__enter__()

    def ended(self, result: Result) -> None:
        """Show and record how a task ended."""
        self._results.append(result)
        if result.kind in NOT_SHOWN:
            return
        step = next((s for s in self._record.steps if s.name == result.task), None)
        if step is None:
            step = Step(name=result.task)
            self._record.steps = [*self._record.steps, step]
        step.state = STATES.get(result.state, result.state)
        step.seconds, step.note = round(result.seconds, 2), result.note
        if result.state in ('succeeded', 'cached'):
            self._collect(step, result)
        self._leave_step()
        result.note = step.note
        self._store.runs.save(self._record)
        self._progress.ended(step)

    def _leave_step(self) -> None:
        """Stop showing the step that runs; if it has not ended, it was not reached."""
        if self._running:
            self._running.__exit__(None, None, None)
            self._running = None
        for step in self._record.steps:
            if step.state == 'running':
                step.state = 'pending'

    def _collect(self, step: Step, result: Result) -> None:
        summary = ''
        if result.state == 'succeeded' and self._reported:
            summary = self._reported.summary
        outputs = {k: [self._output(a) for a in made] for k, made in result.made.artifacts.items()}
        try:
            collect(self._record, step, outputs, summary)
        except (KeyError, OSError, ValueError) as error:
            # A step of that name that is none of ours.
            logging.getLogger(__name__).warning('%s: %s', result.task, one_line(error))
            step.note = summary

    def _output(self, artifact: spec_pb2.RuntimeArtifact) -> Output:
        """Return an artifact as it is on this machine."""
        assert self._standins
        at = self._standins.local(artifact.uri)
        properties = json_format.MessageToDict(artifact.metadata)
        if 'pushed_destination' in properties:
            pushed = self._standins.local(properties['pushed_destination'])
            properties['pushed_destination'] = str(pushed)
        return Output(str(at.parent if at.is_file() else at), properties)

    def _draw_report(self) -> None:
        try:
            self._record.report = str(report.write_report(self._record, self._store))
        except report.NoReportError:
            return
        except OSError as error:
            self._record.notes = [
                *self._record.notes,
                f'the report could not be written: {one_line(error)}',
            ]


def _modules(job: Job) -> list[str]:
    """Return the modules that a job's containers import: of executors, and of our own functions."""
    classes = [
        container.args[at + 1]
        for container in job.containers
        for at, argument in enumerate(container.args[:-1])
        if argument == OPTION
    ]
    functions = [
        task.inputs.parameters[name].runtime_value.constant.string_value
        for task in job.tasks
        for name in FUNCTIONS
        if name in task.inputs.parameters
    ]
    ours = [name for name in functions if name.partition('.')[0] in PACKAGES]
    return sorted({dotted.rpartition('.')[0] for dotted in classes + ours})
