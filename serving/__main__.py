"""What the container runs: `python -m serving`, told by Vertex AI's environment variables."""

import os
import sys
import tempfile
from pathlib import Path

from serving.settings import ModelSource, ServerSettings
from serving.start import start
from serving.versions import check_folder
from serving.vertex_environment import settings_from


def main() -> None:
    """Serve the model that the environment names, until a signal ends it."""
    with tempfile.TemporaryDirectory(prefix='model-') as folder:
        try:
            settings = _with_local_model(settings_from(os.environ), Path(folder))
        except (ValueError, OSError) as error:
            sys.exit(str(error))
        start(settings)


def _with_local_model(settings: ServerSettings, folder: Path) -> ServerSettings:
    """Fetch the model if it is in Cloud Storage, and look whether it is one."""
    (model,) = settings.models
    path = model.path
    if path.startswith('gs://'):
        from serving.storage import fetch

        emulated = 'STORAGE_EMULATOR_HOST' in os.environ
        path = str(fetch(path, folder / 'fetched', emulated=emulated))
    check_folder(Path(path))
    return settings.model_copy(update={'models': (ModelSource(name=model.name, path=path),)})


if __name__ == '__main__':
    main()
