"""What a compiled job says of the model that it makes: for the record of its run."""

import json
from typing import Any

from pydantic import ValidationError

from components.evaluator.settings import EvaluatorConfig
from pipeline import show, show_classes
from pipeline.rehearsal.job import Job

EVALUATOR = 'components.evaluator.executor.Executor'


def about_model(job: Job) -> dict[str, Any]:
    """Return `task`, `bounds` and `class_bounds`, as run records keep them; '' if unknown."""
    for task in job.tasks:
        executor = job.executors.get(job.spec.components[task.component_ref.name].executor_label)
        if executor is None or EVALUATOR not in executor.container.args:
            continue
        constant = task.inputs.parameters['config'].runtime_value.constant.string_value
        try:
            config = EvaluatorConfig.model_validate(json.loads(constant))
        except (ValueError, ValidationError):
            break  # it is a parameter, or of another version: the Evaluator will say so
        return {
            'task': config.task,
            'bounds': show.bounds_of(config.gate),
            'class_bounds': show_classes.bounds_of(config.gate),
        }
    return {'task': ''}
