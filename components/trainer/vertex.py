"""Training in a CustomJob; Google's libraries, which it needs, take seconds to import."""

from tfx.extensions.google_cloud_ai_platform.trainer.executor import GenericExecutor

from components.trainer.executor import Executor


class VertexExecutor(GenericExecutor):
    """Starts a CustomJob whose workers run our executor, and waits for it."""

    def _GetExecutorClass(self) -> type[Executor]:  # noqa: N802 # TFX's name
        return Executor
