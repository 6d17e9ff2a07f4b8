"""From TFMA's results to metric values by slice."""

from dataclasses import dataclass

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import metrics_for_slice_pb2

from components.evaluator.accumulators import EXAMPLE_COUNT, UNKNOWN_LABELS
from components.evaluator.eval_config import BASELINE
from components.evaluator.settings import METRICS
from components.evaluator.verdict import SliceMetrics, Values, defined


@dataclass(frozen=True)
class Measured:
    """What an evaluation of one split found.

    Attributes:
        slices: Metrics of the whole split and of each slice.
        examples: Rows in the split.
        unknown_labels: Rows among them whose label is a class that the candidate doesn't know.
    """

    slices: list[SliceMetrics]
    examples: int
    unknown_labels: int


def read_results(path: str, task: str) -> Measured:
    """Read TFMA's results from a folder.

    Args:
        path: The folder.
        task: The recipe's task, for the names of its metrics.
    """
    slices: list[SliceMetrics] = []
    examples = unknown_labels = 0
    for result in tfma.load_metrics(path):
        candidate, baseline = _values(result)
        metrics = {
            name: Values(defined(candidate[name]), defined(baseline[name]) if baseline else None)
            for name in METRICS[task]
        }
        where = _slice_of(result.slice_key)
        rows = int(candidate[EXAMPLE_COUNT])
        slices.append(SliceMetrics(where, rows, metrics))
        if not where:
            examples, unknown_labels = rows, int(candidate.get(UNKNOWN_LABELS, 0))
    return Measured(slices, examples, unknown_labels)


def _values(
    result: metrics_for_slice_pb2.MetricsForSlice,
) -> tuple[dict[str, float], dict[str, float]]:
    candidate: dict[str, float] = {}
    baseline: dict[str, float] = {}
    for item in result.metric_keys_and_values:
        if not item.key.is_diff:
            own = baseline if item.key.model_name == BASELINE else candidate
            own[item.key.name] = item.value.double_value.value
    return candidate, baseline


def _slice_of(key: metrics_for_slice_pb2.SliceKey) -> dict[str, str | int | float]:
    where: dict[str, str | int | float] = {}
    for single in key.single_slice_keys:
        value = getattr(single, single.WhichOneof('kind'))
        where[single.column] = value.decode() if isinstance(value, bytes) else value
    return where
