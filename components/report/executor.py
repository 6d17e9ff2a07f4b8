"""The Report's executor: artifacts in, report.json and report.html out."""

import json
from typing import Any

from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils

from components.report.build import build
from components.report.page.render import render
from components.report.settings import ReportTerms
from components.report.sources import read_sources

NUMBERS_FILE, PAGE_FILE = 'report.json', 'report.html'

Artifacts = dict[str, list[Artifact]]


class Executor(BaseExecutor):
    """Writes the report."""

    def Do(  # noqa: N802 (TFX's name)
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Read the artifacts, make the numbers, and draw the page.

        Args:
            input_dict: As `ReportSpec` names them.
            output_dict: `report`.
            exec_properties: `config`: `ReportTerms` as JSON.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        terms = ReportTerms.model_validate_json(exec_properties['config'])
        made = artifact_utils.get_single_instance(output_dict['report'])
        report = build(read_sources(input_dict, terms), terms)
        numbers = json.dumps(report, allow_nan=False, ensure_ascii=False)
        io_utils.write_string_file(f'{made.uri}/{NUMBERS_FILE}', numbers)
        page = f'{made.uri}/{PAGE_FILE}'
        io_utils.write_string_file(page, render(report))
        if '://' in made.uri:
            # Vertex's console opens what the artifact names.
            made.uri = page
