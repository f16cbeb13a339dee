"""A proxy before the portal that says where its one visitor comes from.

A browser could be told to send the header by itself, but forgets it where it matters most: in the
word that a page sends while it is being left.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"
_CHUNK_BYTES = 65_536


@asynccontextmanager
async def coming_from(address: str, portal_url: str) -> AsyncIterator[str]:
    """Give an address of this machine that leads to the portal as somebody from elsewhere."""
    portal = urlsplit(portal_url)
    open_ones: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        # The browser hangs up whenever it likes.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await _pass_on(reader, writer, portal.hostname or "", portal.port or 80, address)
        writer.close()
        open_ones.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        # What a page said while it was left may still be on its way.
        await asyncio.wait(open_ones, timeout=5) if open_ones else None


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    host: str,
    port: int,
    address: str,
) -> None:
    """Pass one request on and its answer back; the connection ends with it."""
    head = await reader.readuntil(_HEAD_END)
    first, _, rest = head.partition(b"\r\n")
    kept = [line for line in rest.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    said = f"X-Forwarded-For: {address}\r\nConnection: close\r\n".encode()
    portal_reader, portal_writer = await asyncio.open_connection(host, port)
    portal_writer.write(first + b"\r\n" + said + b"\r\n".join(kept))
    sending = asyncio.create_task(_copy(reader, portal_writer))
    try:
        await _copy(portal_reader, writer)
    finally:
        sending.cancel()
        portal_writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
