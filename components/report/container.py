"""How the Report starts in a container of Vertex Pipelines.

TFX's own entry point takes the title of an artifact's type for the path of its class, and finds
none for `system.HTML`. This one knows it; all else is TFX's.
"""

from absl import app
from tfx.orchestration.kubeflow.v2 import compiler_utils
from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor as tfx
from tfx.utils import name_utils

from components.report.artifact import Html


def main(parsed: tuple) -> None:
    """Run the executor that the arguments name."""
    compiler_utils.TITLE_TO_CLASS_PATH[Html.TYPE_NAME] = name_utils.get_full_name(Html)
    tfx.main(parsed)


if __name__ == '__main__':
    app.run(main, flags_parser=tfx._parse_flags)
