"""Says whether there are rows that the last model was not trained on."""

import logging
from datetime import date
from typing import Any

from tfx.components.example_gen.utils import SPAN_PROPERTY_NAME
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import Artifact, artifact_utils

from components.query_example_gen.new_rows import has_new_rows
from components.query_example_gen.parameters import day_of_span
from components.query_example_gen.request import date_of, settings_of

NEW = 'new'
"""Custom property of the output: 1 or 0."""

_log = logging.getLogger(__name__)
_progress = logging.getLogger('sluice.progress')


class Executor(BaseExecutor):
    """Executor of NewDataGate."""

    def Do(  # noqa: N802 (TFX's interface)
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Ask for new rows, unless no model was trained before.

        Raises:
            QueryError: The query can't be run, or the run has no date.
        """
        data, day = settings_of(exec_properties), date_of(exec_properties)
        last = _last_date(input_dict.get('last_evaluation', []))
        new = last is None or has_new_rows(data, last, day, patient=True)
        news = artifact_utils.get_single_instance(output_dict['news'])
        news.write(int(new))
        news.set_int_custom_property(NEW, int(new))
        found = 'new rows' if new else 'no new rows: nothing to train'
        _progress.info('%s since %s', found, last) if last else _log.info('no model before')


def _last_date(evaluations: list[Artifact]) -> date | None:
    """Return the date of the run that evaluated the last model, if it had one."""
    spans = [evaluation.get_int_custom_property(SPAN_PROPERTY_NAME) for evaluation in evaluations]
    return day_of_span(max(spans)) if spans and max(spans) else None
