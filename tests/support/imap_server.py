"""A real IMAP server for the tests: pymap, in a process of its own, with one account.

    with ImapServer() as server:
        server.deliver(b"From: ...")
        settings["inbox_url"] = server.url()

With a certificate it offers STARTTLS on its port, and speaks TLS from the start on `tls_port`.
"""

import imaplib
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import closing, suppress
from types import TracebackType
from typing import Self

from tests.support.certificates import Certificate
from tests.support.portal import free_port, wait_until

USER = "returns"
PASSWORD = "imap secret 1"
START_WITHIN_SECONDS = 20.0

_PROGRAM = "from pymap.main import main; main()"


class ImapServer:
    """The server, running inside its `with` block and listening on 127.0.0.1 alone."""

    def __init__(self, certificate: Certificate | None = None, *, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = free_port()
        self._certificate = certificate
        self._process: subprocess.Popen[bytes] | None = None
        self._front: _TlsFront | None = None

    def __enter__(self) -> Self:
        tls = ["--no-tls"]
        if self._certificate:
            tls = ["--cert", str(self._certificate.chain), "--key", str(self._certificate.key)]
        self._process = subprocess.Popen(
            [
                sys.executable, "-c", _PROGRAM, "--host", self.host, "--port", str(self.port), *tls,
                "dict", "--demo-user", USER, "--demo-password", PASSWORD,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(self._answers, START_WITHIN_SECONDS, "a greeting of the IMAP server")
        if self._certificate:
            self._front = _TlsFront(self._certificate, self.host, self.port)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._front:
            self._front.stop()
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def tls_port(self) -> int:
        """Return the port that speaks TLS from the start."""
        assert self._front is not None, "without a certificate there is none"
        return self._front.port

    def url(self, *, password: str = PASSWORD, folder: str = "") -> str:
        """Return the address of the account, in the clear at first."""
        return f"imap://{USER}:{password.replace(' ', '%20')}@{self.host}:{self.port}/{folder}"

    def tls_url(self, host: str = "localhost") -> str:
        """Return the address of the account, in TLS from the start."""
        return f"imaps://{USER}:{PASSWORD.replace(' ', '%20')}@{host}:{self.tls_port}/"

    def deliver(self, *mails: bytes) -> None:
        """Put emails into the inbox, unread."""
        with self._client() as client:
            for mail in mails:
                status, _ = client.append("INBOX", "", "", mail)
                assert status == "OK"

    def flags(self) -> list[bool]:
        """Return for each email of the inbox, in order, whether it is marked as read."""
        with self._client() as client:
            client.select("INBOX", readonly=True)
            _, found = client.fetch("1:*", "(FLAGS)")
        return [b"\\Seen" in line for line in found if isinstance(line, bytes)]

    def _client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4(self.host, self.port, timeout=10)
        if self._certificate:
            # The tests' own errands need no proof of who the server is.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client.starttls(context)
        client.login(USER, PASSWORD)
        return client

    def _answers(self) -> bool:
        with suppress(OSError), closing(socket.create_connection((self.host, self.port), 1)) as one:
            return one.recv(4) == b"* OK"
        return False


class _TlsFront:
    """TLS on a port of its own, whose inside is passed on to the server."""

    def __init__(self, certificate: Certificate, host: str, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.chain, certificate.key)
        self._inside = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        """Take no more connections; those that are open end with their clients."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(raw,), daemon=True)
                thread.start()
                self._threads.append(thread)

    def _serve(self, raw: socket.socket) -> None:
        with suppress(OSError), raw:
            outside = self._context.wrap_socket(raw, server_side=True)
            with outside, socket.create_connection(self._inside) as inside:
                back = threading.Thread(target=_pass_on, args=(inside, outside), daemon=True)
                back.start()
                _pass_on(outside, inside)
                back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
