"""What the container runs: `python -m serving`, told by Vertex AI's environment variables."""

import os
import sys

from serving.settings import ServerSettings


def main() -> None:
    """Serve the model that the environment names."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '2')
    try:
        settings = _settings()
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    from serving.server import serve

    serve(settings)


def _settings() -> ServerSettings:
    from serving.vertex import settings_from

    return settings_from(os.environ)


if __name__ == '__main__':
    main()
