"""Whether a host can be reached, found out in seconds whatever the network does."""

import os
import socket
import threading
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pipeline.cloud.errors import CloudError

T = TypeVar('T')

SECONDS = 2.5
"""For a connection to be made; names are looked up in that time too."""

HTTPS = 443


def check_reachable(host: str, seconds: float = SECONDS) -> None:
    """Connect to a host, or to the proxy that leads there.

    Clients retry for minutes where there is no network; so this is asked before them.

    Raises:
      CloudError: It can't be reached.
    """
    address, what = _first_hop(host)
    try:
        within(seconds, lambda: socket.create_connection(address, seconds).close())
    except TimeoutError:
        why = f'no answer in {seconds:g} seconds'
    except OSError as error:
        why = error.strerror or str(error)
    else:
        return
    raise CloudError(f'{what} cannot be reached: {why}; check the network')


def within(seconds: float, action: Callable[[], T]) -> T:
    """Return what an action does, if it does it in time; else it is left to itself.

    Looking up a name has no time limit of its own.

    Raises:
      TimeoutError: It takes longer.
      BaseException: What it raised.
    """
    done: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            done.append(action())
        except BaseException as error:
            raised.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if raised:
        raise raised[0]
    if not done:
        raise TimeoutError
    return done[0]


def _first_hop(host: str) -> tuple[tuple[str, int], str]:
    """Return where to connect to for a host, and what that is called."""
    proxies = getproxies()
    proxy = proxies.get('https') or proxies.get('all')
    if not proxy or proxy_bypass(host):
        return (host, HTTPS), host
    parts = urlsplit(proxy if '://' in proxy else f'http://{proxy}')
    at = parts.hostname or proxy, parts.port or 8080
    return at, f'the proxy {at[0]}:{at[1]} (https_proxy) that leads to {host}'


def known_project() -> str | None:
    """Return the project that the environment names."""
    return os.environ.get('GOOGLE_CLOUD_PROJECT') or None
