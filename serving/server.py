"""Running the application: the event loop, the log, the end."""

import gc
import logging
import socket
import sys

import tensorflow as tf
import uvicorn

from serving.app import create_app
from serving.http import BoundedProtocol
from serving.settings import ServerSettings

SWITCH_SECONDS = 0.0005
"""How long one thread keeps Python to itself: the model's thread must not wait 5 ms for it."""


def find_devices() -> None:
    """Let TensorFlow look for GPUs, which it tells at length."""
    tf.config.list_logical_devices()


def serve(settings: ServerSettings) -> None:
    """Serve until a signal ends it; requests that have begun are answered first.

    Raises:
        OSError: The port can't be listened on.
    """
    family = socket.AF_INET6 if ':' in settings.host else socket.AF_INET
    # uvicorn would end the process without a word of ours.
    socket.create_server((settings.host, settings.port), family=family).close()
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format='%(asctime)s %(levelname)s %(message)s'
    )
    sys.setswitchinterval(SWITCH_SECONDS)
    app = create_app(settings)
    gc.collect()
    gc.freeze()  # TensorFlow's modules stay; to look through them at each swap takes long
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop='uvloop',
        http=BoundedProtocol,
        ws='none',
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=int(settings.limits.answer_seconds) + 5,
    )
