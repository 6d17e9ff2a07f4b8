"""Pictures that say that they are large."""

import struct
import zlib


def png_of(width: int, height: int) -> bytes:
    """Return a PNG whose header says how large it is, and which has no more than that."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack('>I', zlib.crc32(kind + data))
        return struct.pack('>I', len(data)) + kind + data + check

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b'\0' * 1000)
    return (
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', data) + chunk(b'IEND', b'')
    )
