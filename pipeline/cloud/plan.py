"""What a run would do on Vertex, on which machines, and what that would cost about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.cloud.errors import CloudError
from pipeline.cloud.estimates import START_SECONDS, Scanned, scanned_by, seconds_of
from pipeline.cloud.prices import TABLE, Prices, load_prices
from pipeline.hardware_settings import Machines
from pipeline.recipe import Recipe
from pipeline.records import Run

STEP_MACHINE = 'e2-standard-4'
"""What Vertex gives a step that asks for nothing."""

NOT_ASKED = 'what Vertex would reuse of its own runs is not asked; `reusable` is by runs here'

TRAINS = {'Trainer', 'Tuner'}


@dataclass(frozen=True)
class PlannedStep:
    """A step, and what it would take.

    Attributes:
      name: Of the step.
      machine: What it runs on, in words.
      seconds: How long, about, with the start of its container.
      by: Where that is from.
      cost: US dollars; None: the table has no price.
      cached: Why it would be reused; '': it would run, or that is not known.
    """

    name: str
    machine: str
    seconds: float
    by: str
    cost: float | None
    cached: str = ''


@dataclass(frozen=True)
class Plan:
    """A run that is not started.

    Attributes:
      recipe: Its name.
      steps: In the order of the DAG.
      scanned: What its query reads; None: it has none.
      prices: What costs are by.
      notes: What can't be said.
    """

    recipe: str
    steps: Sequence[PlannedStep]
    scanned: Scanned | None
    prices: Prices
    notes: Sequence[str] = field(default_factory=list)

    @property
    def query_cost(self) -> float:
        """US dollars for what is scanned."""
        return self.prices.of_query(self.scanned.bytes or 0) if self.scanned else 0.0

    @property
    def cost(self) -> float:
        """US dollars in all, if no step is reused, of what has a price."""
        steps = sum(step.cost or 0.0 for step in self.steps)
        return steps + self.query_cost + self.prices.pipeline_run

    @property
    def unpriced(self) -> list[str]:
        """Machines that the table has no price of."""
        return sorted({step.machine for step in self.steps if step.cost is None})


def make_plan(
    recipe: Recipe,
    runs: Sequence[Run],
    *,
    cached: dict[str, str] | None = None,
    prices: Path = TABLE,
) -> Plan:
    """Plan a run of a recipe.

    Args:
      recipe: The job.
      runs: Runs of it here, oldest first; they say how long steps take.
      cached: Step -> why it would be reused.
      prices: File of the table of prices.

    Raises:
      PricesError: The table can't be used.
    """
    table = load_prices(prices)
    steps = [_step(n, recipe, list(runs), table, cached or {}) for n in step_names(recipe)]
    scanned = scanned_by(recipe.table) if recipe.table else None
    return Plan(recipe.name, steps, scanned, table, [NOT_ASKED])


def check_ceiling(recipe: Recipe, max_cost: float | None) -> None:
    """Refuse a run that would cost more than it may.

    Args:
      recipe: The job.
      max_cost: US dollars; None: the recipe's own, if it has one.

    Raises:
      CloudError: It would cost more, or what it costs is not known.
    """
    ceiling = ceiling_of(recipe, max_cost)
    if ceiling is None:
        return
    from pipeline.store import Store

    key = '--max-cost' if max_cost is not None else 'vertex.max_cost'
    store = Store(Path('.sluice'))
    plan = make_plan(recipe, [r for r in store.runs.all() if r.recipe == recipe.name])
    if plan.unpriced:
        raise CloudError(
            f'{key}: the cost of {recipe.name} is not known: the table of prices has no '
            f'{", ".join(plan.unpriced)}; take another machine, or lift the bound'
        )
    if plan.scanned and plan.scanned.bytes is None:
        raise CloudError(
            f'{key}: the cost of {recipe.name} is not known: what the query scans is '
            f'{plan.scanned.by}'
        )
    if plan.cost > ceiling:
        raise CloudError(
            f'{key}: {recipe.name} would cost about ${plan.cost:.2f}, and ${ceiling:g} is allowed; '
            f'see sluice plan {recipe.name}'
        )


def ceiling_of(recipe: Recipe, max_cost: float | None) -> float | None:
    """Return what a run may cost in US dollars: as given, or as the recipe says; None: anything."""
    if max_cost is not None or recipe.vertex is None:
        return max_cost
    return recipe.vertex.max_cost


def step_names(recipe: Recipe) -> Iterator[str]:
    """Yield the steps of a recipe's DAG that have a machine; a test holds it against the DAG."""
    yield 'ImageExampleGen' if recipe.pictures else 'QueryExampleGen'
    curated = recipe.table and recipe.table.schema_file
    yield from ('StatisticsGen', 'ImportSchemaGen' if curated else 'SchemaGen')
    yield from ('ExampleValidator', 'DataGate', 'Transform')
    if recipe.tune.trials:
        yield 'Tuner'
    yield from ('Trainer', 'Evaluator', 'ServingGate')
    if recipe.push.local:
        yield 'Pusher'
    if recipe.batch_data:
        yield from ('BatchExampleGen', 'BulkInferrer', 'PredictionTable')
    yield 'Report'


def _step(
    name: str, recipe: Recipe, runs: list[Run], prices: Prices, cached: dict[str, str]
) -> PlannedStep:
    seconds, by = seconds_of(name, runs)
    seconds += START_SECONDS
    words, hourly = _machine(name, recipe, prices)
    cost = None if hourly is None else hourly * seconds / 3600
    return PlannedStep(name, words, seconds, by, cost, cached.get(name, ''))


def _machine(step: str, recipe: Recipe, prices: Prices) -> tuple[str, float | None]:
    """Return what a step runs on, in words, and what that costs per hour."""
    if step in TRAINS:
        of_trainer = step == 'Trainer'
        machines = recipe.hardware.of_trainer() if of_trainer else recipe.hardware.of_tuner()
        replicas = machines.workers if of_trainer else recipe.tune.parallel
        return _training(machines, replicas, prices)
    resources = recipe.hardware.steps.get(step)
    if resources is None:
        return STEP_MACHINE, prices.of_machine(STEP_MACHINE)
    cpus, memory = resources.cpu or 4, resources.memory or 16
    family = prices.families.get('e2')
    hourly = cpus * family.cpu + memory * family.gb if family else None
    return f'{cpus} CPUs, {memory} GB', hourly


def _training(machines: Machines, replicas: int, prices: Prices) -> tuple[str, float | None]:
    asked = machines.machine or machines.accelerator or machines.needs_job or replicas > 1
    machine = machines.machine_type if asked else STEP_MACHINE
    hourly = prices.of_machine(machine, machines.accelerator, machines.count, machines.spot)
    words = f'{replicas} of {machine}' if replicas > 1 else machine
    if machines.accelerator:
        words += f' + {machines.count} {machines.accelerator}'
    if machines.spot:
        words += ' (spot)'
    return words, None if hourly is None else hourly * replicas
