"""HTTP to other machines: verified certificates, no redirects, limits on time and size.

A name that leads into a private network is refused at the moment of connecting, so that nobody
can make the portal look around in the network that it stands in.
"""

import enum
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from nps_portal.foundation.errors import PortalError

SECONDS = 5.0
LARGEST_BYTES = 1_000_000


class Reach(enum.Enum):
    """Where a request may lead."""

    PUBLIC = "public"
    # For the portal's own address alone, which may well be one of a private network.
    ANYWHERE = "anywhere"


class NoAnswer(PortalError):
    """The other machine gave no answer that can be used; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the other machine said; a redirect is an answer and is not followed."""

    status: int
    headers: httpx.Headers
    body: bytes


def fetch(url: str, reach: Reach = Reach.PUBLIC) -> Answer:
    """Return the answer to a GET.

    :raises NoAnswer: none came, it came too slowly, or it is too large.
    """
    return _ask(httpx.Request("GET", url), reach)


def post_form(url: str, fields: Mapping[str, str], reach: Reach = Reach.PUBLIC) -> Answer:
    """Return the answer to a form that is sent as `multipart/form-data`.

    :raises NoAnswer: none came, it came too slowly, or it is too large.
    """
    parts = {name: (None, value) for name, value in fields.items()}
    return _ask(httpx.Request("POST", url, files=parts), reach)


def _ask(request: httpx.Request, reach: Reach) -> Answer:
    host, deadline = request.url.host, time.monotonic() + SECONDS
    # Of the environment nothing counts: a proxy there would answer in the other machine's place.
    client = httpx.Client(verify=ssl.create_default_context(), timeout=SECONDS, trust_env=False)
    try:
        if reach is Reach.PUBLIC:
            _pin_to_public_address(request)
        with client:
            answer = client.send(request, stream=True)
            body = bytearray()
            for chunk in answer.iter_raw():
                body += chunk
                if time.monotonic() > deadline:
                    raise NoAnswer(f"{host} answers too slowly.")
                if len(body) > LARGEST_BYTES:
                    raise NoAnswer(f"{host} answers with too much.")
            return Answer(status=answer.status_code, headers=answer.headers, body=bytes(body))
    except httpx.TimeoutException as error:
        raise NoAnswer(f"{host} does not answer.") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NoAnswer(f"{host} cannot be reached: {_reason(error)}.") from error


def _pin_to_public_address(request: httpx.Request) -> None:
    """Let a request go to the address that was judged, whatever its name leads to a moment later.

    The certificate is still checked against the name.
    """
    url = request.url
    found = socket.getaddrinfo(url.host, None, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(entry[4][0])) for entry in found]
    if not all(address.is_global for address in addresses):
        raise NoAnswer(f"{url.host} leads into a private network.")
    request.extensions["sni_hostname"] = url.host
    request.url = url.copy_with(host=str(addresses[0]))


def _reason(error: Exception) -> str:
    """Return the cause in words; the library's own error hides that of the certificate."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted ({cause.verify_message})"
        cause = cause.__cause__ or cause.__context__
    return str(error).rstrip(".") or "the connection broke"
