"""The models that a server has."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from serving.errors import RequestError, listed, shown
from serving.metrics import Metrics
from serving.saved_model import LoadedModel
from serving.served_model import ServedModel
from serving.settings import ServerSettings

_log = logging.getLogger(__name__)


class Registry:
    """All models of a server."""

    def __init__(self, settings: ServerSettings, metrics: Metrics) -> None:
        self._poll_seconds = settings.poll_seconds
        self._loader = ThreadPoolExecutor(1, thread_name_prefix='loader')
        self.models = {
            source.name: ServedModel(source, settings.batching, metrics, self._loader)
            for source in settings.models
        }

    def model(self, name: str) -> ServedModel:
        """Return a model by its name.

        Raises:
            RequestError: There is none of that name.
        """
        if name not in self.models:
            raise RequestError(
                f'no model is called {shown(name)}; models: {listed(self.models)}', status=404
            )
        return self.models[name]

    def get(self, name: str, version: int | str | None = None) -> LoadedModel:
        """Return a loaded version of a model, by number or label; by default what answers.

        Raises:
            RequestError: There is no such model or version, or it is not loaded yet.
        """
        if isinstance(version, str):
            return self.model(name).find(label=version).model
        return self.model(name).find(version).model

    @property
    def is_ready(self) -> bool:
        """Whether every model has a version that answers."""
        return all(model.stable for model in self.models.values())

    async def watch(self) -> None:
        """Load what is there, then look for newer versions for ever."""
        while True:
            for model in self.models.values():
                try:
                    await model.refresh()
                except Exception:
                    _log.exception('%s: could not look for versions', model.name)
            await asyncio.sleep(self._poll_seconds)

    async def close(self) -> None:
        """Free all models."""
        for model in self.models.values():
            await model.close()
        self._loader.shutdown()
