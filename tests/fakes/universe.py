"""All stand-ins together, in threads of this process."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import reload
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import grpc
from google.auth.compute_engine import _metadata

from tests.fakes.certificates import certificates
from tests.fakes.control import Control
from tests.fakes.http import HttpServer
from tests.fakes.proxy import Proxy
from tests.fakes.rpc import GrpcHandler
from tests.fakes.services import SERVICES
from tests.fakes.world import PROJECT, World

THREADS = 16
MESSAGE_BYTES = 2**27

BUNDLES = (
    'REQUESTS_CA_BUNDLE',
    'SSL_CERT_FILE',
    'CURL_CA_BUNDLE',
    'HTTPLIB2_CA_CERTS',
    'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
)
"""Variables that name the file of trusted authorities, of requests, Python, curl and gRPC."""

HERE = '127.0.0.1,localhost,::1'


class Universe:
    """Stands in for Google Cloud while it is open; a context manager.

    Attributes:
        env: variables that lead clients here; '' where one of the user's is to be put out.
        world: folders, faults and calls.
        services: the stand-ins, by the name of their class.
    """

    def __init__(self, root: Path, project: str = PROJECT, services: Sequence[Any] = SERVICES):
        """Start the stand-ins.

        Args:
            root: folder of what outlives them: `buckets/<bucket>/<object>` and what else is known.
            project: id of the project that clients find.
            services: classes of the stand-ins.
        """
        root.mkdir(parents=True, exist_ok=True)
        self.world = World(root.absolute(), project)
        made = [service(self.world) for service in (*services, Control)]
        self.services: dict[str, Any] = {type(service).__name__: service for service in made}
        self.faults = self.world.faults
        self._http = HttpServer([service for service in made if hasattr(service, 'handle')])
        # Python's servers hand calls to threads: one that waits must not keep others waiting.
        self._threads = ThreadPoolExecutor(THREADS)
        self._grpc = grpc.server(
            self._threads,
            handlers=[GrpcHandler([s for s in made if hasattr(s, 'methods')])],
            options=[
                ('grpc.max_receive_message_length', MESSAGE_BYTES),
                ('grpc.max_send_message_length', MESSAGE_BYTES),
                ('grpc.so_reuseport', 0),
            ],
        )
        port = self._grpc.add_insecure_port('127.0.0.1:0')
        self._grpc.start()
        trusted = certificates()
        self._proxy = Proxy(trusted, self._http.known, self._http.port, port)
        self.env = self._environment(str(trusted.authority))
        self.world.env.update(self.env)

    def environ(self, **more: str) -> dict[str, str]:
        """Return this process's environment with what leads clients here, and more."""
        return {k: v for k, v in (os.environ | self.env | more).items() if v}

    @contextmanager
    def here(self) -> Iterator[Self]:
        """Lead this process to the stand-ins, for as long as the block lasts."""
        try:
            with patch.dict(os.environ, self.env):
                # It reads the metadata server's address once, when it is imported.
                reload(_metadata)
                yield self
        finally:
            reload(_metadata)

    @property
    def refused(self) -> list[str]:
        """The hosts that clients asked for and that are not stood in for."""
        return self._proxy.refused

    def stop(self) -> None:
        """Stop them all; no thread and no process is left."""
        self.faults.stop()
        for service in self.services.values():
            if hasattr(service, 'stop'):
                service.stop()
        self._proxy.stop()
        self._grpc.stop(None).wait()
        self._http.stop()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _environment(self, authority: str) -> dict[str, str]:
        proxy = f'http://127.0.0.1:{self._proxy.port}'
        metadata = f'127.0.0.1:{self._http.port}'
        nowhere = self.world.root / 'no-gcloud'
        return {
            'https_proxy': proxy, 'HTTPS_PROXY': proxy, 'grpc_proxy': proxy,
            'no_proxy': HERE, 'NO_PROXY': HERE, 'no_grpc_proxy': HERE,
            'GCE_METADATA_HOST': metadata, 'GCE_METADATA_IP': metadata,
            'GCE_METADATA_ROOT': metadata,
            'GOOGLE_CLOUD_PROJECT': self.world.project,
            'CLOUDSDK_CONFIG': str(nowhere), 'GOOGLE_APPLICATION_CREDENTIALS': '',
            'SLUICE_FAKES': f'http://{metadata}',
        } | dict.fromkeys(BUNDLES, authority)  # fmt: skip
