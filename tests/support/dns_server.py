"""A real DNS server for the tests, on UDP and TCP of one loopback port.

    with DnsServer({"acme.example": {"TXT": ["v=spf1 -all"]}}) as server:
        resolver = Resolver(servers=("127.0.0.1",), port=server.port)

A name that is not in the zone does not exist; a kind of record that a name lacks is answered with
none. `zone` may be changed while the server runs.
"""

import enum
import socket
import threading
from collections.abc import Mapping, MutableMapping, Sequence
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

PLAIN_UDP_BYTES = 512  # RFC 1035, 4.2.1


class Trouble(enum.Enum):
    """How a name can be in trouble."""

    SERVFAIL = "servfail"
    SILENCE = "silence"


Records = Mapping[str, Sequence[str]]
Zone = MutableMapping[str, Records | Trouble]


class DnsServer:
    """The server, listening from its making and answering inside its `with` block."""

    def __init__(self, zone: Zone | None = None) -> None:
        """Listen on 127.0.0.1, with the records of each name by their kind, as in a zone file.

        The value of a TXT record is given whole and without quotes.
        """
        self.zone: Zone = zone if zone is not None else {}
        self.questions: list[tuple[str, str, str]] = []
        self._tcp, self._udp = _two_sockets_on_one_port()
        self.port: int = self._udp.getsockname()[1]
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=serve, daemon=True)
            for serve in (self._serve_udp, self._serve_tcp)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._stopped.set()
        # An empty datagram and a shut listener wake the two threads up.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._tcp.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._tcp.close()
        self._udp.close()

    def _serve_udp(self) -> None:
        while True:
            wire, client = self._udp.recvfrom(65_535)
            if self._stopped.is_set():
                return
            answer = self._answer(wire, "udp")
            if answer is not None:
                self._udp.sendto(answer, client)

    def _serve_tcp(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                size = int.from_bytes(_exactly(connection, 2))
                answer = self._answer(_exactly(connection, size), "tcp")
                if answer is not None:
                    connection.sendall(len(answer).to_bytes(2) + answer)

    def _answer(self, wire: bytes, transport: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        asked = query.question[0]
        name, kind = asked.name, dns.rdatatype.to_text(asked.rdtype)
        self.questions.append((_plain(name), kind, transport))
        found = self.zone.get(_plain(name), {} if self._has_below(name) else None)
        if found is Trouble.SILENCE:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        if found is Trouble.SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self._fill(response, name, kind)
        complete = response.to_wire(max_size=65_535)
        room = max(query.payload, PLAIN_UDP_BYTES)
        if transport == "tcp" or len(complete) <= room:
            return complete
        short = dns.message.make_response(query, recursion_available=True)
        short.flags |= dns.flags.TC
        return short.to_wire()

    def _fill(self, response: dns.message.Message, name: dns.name.Name, kind: str) -> None:
        """Put the records of the name into the answer, or those of the name it stands for."""
        records = self.zone.get(_plain(name), {})
        assert not isinstance(records, Trouble)
        if alias := records.get("CNAME"):
            response.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", *alias))
            self._fill(response, dns.name.from_text(alias[0]), kind)
        elif values := records.get(kind):
            texts = [_quoted(value) for value in values] if kind == "TXT" else values
            response.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *texts))

    def _has_below(self, name: dns.name.Name) -> bool:
        return any(other.endswith(f".{_plain(name)}") for other in self.zone)


def _two_sockets_on_one_port() -> tuple[socket.socket, socket.socket]:
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = connection.recv(size - len(received))
        if not more:
            raise ConnectionError("the client hung up in the middle of a question")
        received += more
    return received


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _quoted(value: str) -> str:
    escaped = [value[at : at + 255].replace('"', '\\"') for at in range(0, len(value), 255)]
    return " ".join(f'"{part}"' for part in escaped) or '""'
