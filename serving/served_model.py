"""One model that is served, swapped for a newer version while requests go on."""

import asyncio
import ctypes
import gc
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from serving.batching import Batcher
from serving.errors import RequestError, listed, shown
from serving.metrics import Metrics
from serving.saved_model import LoadedModel, LoadError
from serving.settings import STABLE, Batching, ModelSource
from serving.versions import Version, VersionsError, labels_in, versions_in
from serving.warmup import warm

RETRY_SECONDS = (10.0, 300.0)
"""A version that failed is tried again after the first; twice as long each time, to the second."""

_log = logging.getLogger(__name__)
_T = TypeVar('_T')


@dataclass(frozen=True)
class Servable:
    """A loaded version and what calls it."""

    version: Version
    model: LoadedModel
    batcher: Batcher


@dataclass
class Failure:
    """A version that could not be loaded.

    Attributes:
        version: which.
        reason: why, in one line, without paths.
        times: how often it was tried.
        again_at: when it is tried again, on the monotonic clock.
    """

    version: Version
    reason: str
    times: int
    again_at: float


class ServedModel:
    """One model: the version that answers, others that labels name, those that failed."""

    def __init__(
        self, source: ModelSource, batching: Batching, metrics: Metrics, loader: ThreadPoolExecutor
    ) -> None:
        self.name = source.name
        self.folder = Path(source.path)
        self.stable: Servable | None = None
        self.labelled: dict[int, Servable] = {}
        self.labels: dict[str, int] = {}
        self.loading: int | None = None
        self.retiring: set[int] = set()
        self.failures: dict[int, Failure] = {}
        self.metrics = metrics.of(source.name)
        self._batching = batching
        self._loader = loader
        self._retired: set[asyncio.Task[None]] = set()
        self._complaint = ''

    def find(self, version: int | None = None, label: str | None = None) -> Servable:
        """Return the version with a number or a label; by default the one that answers.

        Raises:
            RequestError: There is none, or none yet.
        """
        if label not in (None, STABLE):
            if label not in self.labels:
                known = listed([STABLE, *self.labels])
                raise RequestError(
                    f'model {self.name} has no label {shown(label)}; labels: {known}', status=404
                )
            version = self.labels[label]
        loaded = self.loaded()
        if version is None and self.stable:
            return self.stable
        if version in loaded:
            return loaded[version]
        if version is None:
            raise RequestError(f'model {self.name} is not loaded yet', status=503)
        raise RequestError(
            f'version {version} of model {self.name} is not loaded; '
            f'loaded: {listed(map(str, loaded))}',
            status=404,
        )

    def loaded(self) -> dict[int, Servable]:
        """Return the versions that can be called."""
        stable = {self.stable.version.number: self.stable} if self.stable else {}
        return {**self.labelled, **stable}

    async def refresh(self) -> None:
        """Look into the folder, and load, swap and free what has changed there."""
        versions = await self._in_loader(versions_in, self.folder)
        try:
            labels = await self._in_loader(labels_in, self.folder)
        except VersionsError as error:
            self._complain(str(error))
            labels = self.labels
        self.failures = {n: f for n, f in self.failures.items() if f.version in versions}
        if not versions:
            self._complain(f'{self.folder}: no version in it')
        await self._refresh_stable(versions)
        await self._refresh_labelled(versions, labels)
        self.metrics.broken.set(len(self.failures))

    async def close(self) -> None:
        """Let every request have its answer, and free all versions."""
        servables = self.loaded().values()
        self.stable, self.labelled, self.labels = None, {}, {}
        for servable in servables:
            self._retire(servable)
        await asyncio.gather(*self._retired)

    async def _refresh_stable(self, versions: Sequence[Version]) -> None:
        """Make the newest version that loads the one that answers."""
        for version in reversed(versions):
            if self.stable and self.stable.version == version:
                return
            if servable := await self._load(version):
                replaced, self.stable = self.stable, servable
                self.metrics.version.set(version.number)
                _log.info('%s: version %d answers', self.name, version.number)
                if replaced and replaced is not self.labelled.get(replaced.version.number):
                    self._retire(replaced)
                return

    async def _refresh_labelled(self, versions: Sequence[Version], labels: dict[str, int]) -> None:
        """Load the versions that labels name, and free those that none names any more."""
        wanted = {v.number: v for v in versions if v.number in labels.values()}
        for number, version in wanted.items():
            if current := await self._load(version):
                replaced = self.labelled.get(number)
                self.labelled[number] = current
                if replaced not in (None, current, self.stable):
                    self._retire(replaced)
        self.labels = {label: n for label, n in labels.items() if n in self.labelled}
        for number in self.labelled.keys() - wanted.keys():
            freed = self.labelled.pop(number)
            if freed is not self.stable:
                self._retire(freed)

    async def _load(self, version: Version) -> Servable | None:
        """Load and warm a version; None if that fails, or has failed and is not due again."""
        failure = self.failures.get(version.number)
        if failure and failure.version == version and time.monotonic() < failure.again_at:
            return None
        loaded = self.loaded().get(version.number)
        if loaded and loaded.version == version:
            return loaded
        self.loading = version.number
        started = time.monotonic()
        try:
            model = await self._in_loader(_loaded, self.name, version, self._batching.rows)
        except LoadError as error:
            self._failed(version, str(error).replace(f'{self.folder}/', ''))
            return None
        finally:
            self.loading = None
        self.failures.pop(version.number, None)
        self.metrics.loaded.inc()
        _log.info(
            '%s: version %d loaded in %.1f s', self.name, version.number, time.monotonic() - started
        )
        return Servable(version, model, Batcher(model, self._batching, self.metrics))

    def _failed(self, version: Version, reason: str) -> None:
        earlier = self.failures.get(version.number)
        times = earlier.times + 1 if earlier and earlier.version == version else 1
        wait = min(RETRY_SECONDS[0] * 2 ** (times - 1), RETRY_SECONDS[1])
        self.failures[version.number] = Failure(version, reason, times, time.monotonic() + wait)
        self.metrics.failed.inc()
        answers = f'version {self.stable.version.number} goes on' if self.stable else 'none answers'
        _log.error('%s: version %s; %s; tried again in %.0f s', self.name, reason, answers, wait)

    def _retire(self, servable: Servable) -> None:
        task = asyncio.create_task(self._free(servable))
        self._retired.add(task)
        task.add_done_callback(self._retired.discard)

    async def _free(self, servable: Servable) -> None:
        """Wait for a version's last answer, then give its memory back."""
        number = servable.version.number
        self.retiring.add(number)
        await servable.batcher.close()
        self.retiring.discard(number)
        del servable
        await self._in_loader(_collect)
        _log.info('%s: version %d freed', self.name, number)

    def _complain(self, text: str) -> None:
        """Log a lasting fault once."""
        if text != self._complaint:
            _log.warning('%s: %s', self.name, text)
        self._complaint = text

    async def _in_loader(self, function: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._loader, function, *arguments)


def _loaded(name: str, version: Version, rows: int) -> LoadedModel:
    model = LoadedModel(name, version)
    warm(model, rows)
    return model


def _collect() -> None:
    """Free what a model leaves: its graph refers to itself, and malloc keeps freed pages."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        _log.debug('this C library has no malloc_trim')
