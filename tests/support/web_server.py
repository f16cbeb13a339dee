"""A real web server for the tests, which answers as it is told.

with WebServer({"/healthz": Page(body=b"ok")}) as server:
    fetch(f"{server.url}/healthz", Reach.ANYWHERE)
"""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.support.certificates import Certificate


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is answered at one path."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class WebServer:
    """The server, listening from its making and answering inside its `with` block."""

    def __init__(self, pages: Mapping[str, Page], certificate: Certificate | None = None) -> None:
        """Listen on 127.0.0.1; a path gets the page whose path it begins with, others get 404."""
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages, self.asked))
        self.port: int = self._server.server_address[1]
        scheme = "http"
        if certificate is not None:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.chain, certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://localhost:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(pages: Mapping[str, Page], asked: list[Asked]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            asked.append(
                Asked(
                    method=self.command,
                    path=self.path,
                    headers=dict(self.headers.items()),
                    body=self.rfile.read(size),
                )
            )
            beginnings = [start for start in pages if self.path.startswith(start)]
            page = pages[max(beginnings, key=len)] if beginnings else Page(status=404)
            self.send_response_only(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None:
            """Write nothing."""

    return Handler
