"""An HTTPS proxy that ends TLS as Google's names, and knows no other names."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable

from tests.fakes.certificates import Certificates

HOST = '127.0.0.1'
CHUNK = 2**16
HANDSHAKE_SECONDS = 10


class Proxy:
    """Takes CONNECT, and passes what comes on to the HTTP or the gRPC server of this machine.

    Clients of gRPC are known by the protocol that they offer, HTTP/2. A name that is not stood in
    for is refused: nothing leaves the machine.
    """

    def __init__(
        self, certificates: Certificates, known: Callable[[str], bool], http: int, grpc: int
    ) -> None:
        """Start the proxy, in a thread of its own.

        Args:
            certificates: what it shows.
            known: whether a host is stood in for.
            http: port of the HTTP server.
            grpc: port of the gRPC server.
        """
        self.refused: list[str] = []
        self._known, self._http, self._grpc = known, http, grpc
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates.chain, certificates.key)
        self._context.set_alpn_protocols(['h2', 'http/1.1'])
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda loop, context: None)  # of clients that went away
        start = asyncio.start_server(self._serve, HOST, 0)
        self._server = self._loop.run_until_complete(start)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End all connections, and the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.IncompleteReadError):  # SSL's errors are OSErrors
            pass
        finally:
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b'\r\n\r\n')
        method, target, *_ = head.split(b'\r\n', 1)[0].decode('latin-1').split()
        host = target.rpartition(':')[0] if method == 'CONNECT' else target
        if method != 'CONNECT' or not self._known(host):
            self.refused.append(host)
            text = f'{host} is not stood in for'.encode()
            writer.write(
                b'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s'
                % (len(text), text)
            )
            await writer.drain()
            return
        writer.write(b'HTTP/1.1 200 Connection established\r\n\r\n')
        await writer.start_tls(self._context, ssl_handshake_timeout=HANDSHAKE_SECONDS)
        chosen = writer.get_extra_info('ssl_object').selected_alpn_protocol()
        port = self._grpc if chosen == 'h2' else self._http
        inner, outer = await asyncio.open_connection(HOST, port)
        try:
            pumps = [asyncio.ensure_future(_pump(reader, outer))]
            pumps.append(asyncio.ensure_future(_pump(inner, writer)))
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
        finally:
            outer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
