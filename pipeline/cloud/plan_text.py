"""A plan as people read it, and as a program does."""

from collections.abc import Iterator
from typing import Any

from pydantic import ByteSize

from pipeline.cloud.plan import Plan


def lines(plan: Plan) -> Iterator[str]:
    """Yield a plan line by line."""
    yield f'{plan.recipe} on Vertex, if nothing is reused:'
    width = max(len(step.machine) for step in plan.steps)
    for step in plan.steps:
        cost = '    ?' if step.cost is None else f'${step.cost:5.2f}'
        reused = f'  reusable: {step.cached}' if step.cached else ''
        minutes = f'{step.seconds / 60:4.0f} min'
        yield f'  {step.name:<17} {step.machine:<{width}}  {minutes} ({step.by})  {cost}{reused}'
    if plan.scanned:
        yield f'  query   {scanned(plan)}'
    yield f'  run     ${plan.prices.pipeline_run:.2f} for the pipeline'
    for note in plan.notes:
        yield f'  note    {note}'
    if plan.unpriced:
        yield f'  note    no price is known of {", ".join(plan.unpriced)}; it is not in the total'
    yield (
        f'About ${plan.cost:.2f}, by list prices of {plan.prices.region} of {plan.prices.as_of} '
        '(docs/costs.md)'
    )


def scanned(plan: Plan) -> str:
    """Say what the query scans and costs."""
    if plan.scanned is None or plan.scanned.bytes is None:
        return plan.scanned.by if plan.scanned else ''
    size = ByteSize(plan.scanned.bytes).human_readable(decimal=True, separator=' ')
    return f'{size} scanned, ${plan.query_cost:.4f} ({plan.scanned.by})'


def as_object(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON holds it."""
    return {
        'recipe': plan.recipe,
        'cost': round(plan.cost, 4),
        'prices': {'as_of': plan.prices.as_of.isoformat(), 'region': plan.prices.region},
        'query': {
            'bytes': plan.scanned.bytes,
            'by': plan.scanned.by,
            'cost': round(plan.query_cost, 6),
        }
        if plan.scanned
        else None,
        'steps': [
            {
                'name': step.name,
                'machine': step.machine,
                'seconds': step.seconds,
                'seconds_by': step.by,
                'cost': step.cost if step.cost is None else round(step.cost, 4),
                'reusable': step.cached or None,
            }
            for step in plan.steps
        ],
        'notes': [*plan.notes],
    }
