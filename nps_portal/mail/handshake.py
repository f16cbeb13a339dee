"""Which mail server carries our email, and how a connection that can be trusted is opened.

Nothing is said in the clear, not even a name and password, when the settings demand encryption.
"""

import enum
import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from nps_portal.foundation.errors import PortalError
from nps_portal.mail.outcomes import one_line
from nps_portal.mail.smtp_client import TimedClient, TimeLimits


class Security(enum.StrEnum):
    """How the talk with the mail server is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class RelayUnavailable(PortalError):
    """The mail server cannot be talked to now; trying again later may help."""


class RelayRefused(PortalError):
    """The mail server will not work with us until the owner changes something."""


@dataclass(frozen=True, kw_only=True)
class Relay:
    """The mail server that carries our email, and how to talk to it.

    Without an `ehlo_name` this machine gives its address. `trusted_ca` is a PEM file of
    authorities to be trusted beside the system's.
    """

    server: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Security = Security.STARTTLS
    ehlo_name: str | None = None
    limits: TimeLimits = TimeLimits()  # noqa: RUF009 - frozen, so sharing one is safe
    trusted_ca: Path | None = None


def connect(relay: Relay) -> TimedClient:
    """Return a client that is greeted, encrypted and signed in as the settings say.

    :raises RelayUnavailable: no connection, or no greeting.
    :raises RelayRefused: no encryption that can be trusted, or the sign-in is refused.
    """
    client = TimedClient(
        server=relay.server, port=relay.port, limits=relay.limits, ehlo_name=relay.ehlo_name
    )
    try:
        _open(client, relay)
    except BaseException as error:
        client.close()
        if isinstance(error, OSError | UnicodeError):
            raise _in_words(relay, error) from error
        raise
    return client


def _open(client: TimedClient, relay: Relay) -> None:
    client.open()
    if relay.security is Security.TLS:
        client.secure(_trust(relay))
    code, text = client.getreply()
    if code != 220:
        raise RelayUnavailable(f"The mail server turned us away: {code} {one_line(text)}")
    _say_hello(client)
    if relay.security is Security.STARTTLS:
        _start_tls(client, relay)
        _say_hello(client)
    if relay.username is not None:
        _sign_in(client, relay.username, relay.password or "")


def _say_hello(client: TimedClient) -> None:
    code, text = client.ehlo()
    if code != 250:
        raise RelayUnavailable(f"The mail server did not greet us: {code} {one_line(text)}")


def _start_tls(client: TimedClient, relay: Relay) -> None:
    if not client.has_extn("starttls"):
        raise RelayRefused(
            "The mail server offers no encryption (STARTTLS), and the settings demand it."
        )
    code, text = client.docmd("STARTTLS")
    if code == 421:
        raise RelayUnavailable(f"The mail server hung up: {code} {one_line(text)}")
    if code != 220:
        raise RelayRefused(
            f"The mail server refused encryption (STARTTLS): {code} {one_line(text)}"
        )
    client.secure(_trust(relay))


def _sign_in(client: TimedClient, username: str, password: str) -> None:
    try:
        code, text = client.sign_in(username, password)
    except smtplib.SMTPNotSupportedError as error:
        raise RelayRefused(str(error)) from error
    # 503 is the answer of servers that have us signed in already.
    if code in (235, 503):
        return
    if code // 100 == 5:
        raise RelayRefused(
            f"The mail server refused the user name or password: {code} {one_line(text)}"
        )
    raise RelayUnavailable(f"The mail server could not sign us in: {code} {one_line(text)}")


def _trust(relay: Relay) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if relay.trusted_ca is not None:
        try:
            context.load_verify_locations(relay.trusted_ca)
        except OSError as error:
            raise RelayRefused(
                f"The file of trusted authorities, {relay.trusted_ca}, cannot be read."
            ) from error
    return context


def _in_words(relay: Relay, error: OSError | UnicodeError) -> PortalError:
    """Sort an error of the network or of TLS, and say it in words."""
    place = f"{relay.server}, port {relay.port}"
    match error:
        case ssl.SSLCertVerificationError():
            return RelayRefused(
                f"The certificate of the mail server ({place}) cannot be trusted: "
                f"{error.verify_message}."
            )
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return RelayUnavailable(f"The mail server ({place}) hung up during encryption.")
        case ssl.SSLError():
            return RelayRefused(
                f"No encryption could be agreed on with the mail server ({place}): "
                f"{error.reason or error}."
            )
        case smtplib.SMTPServerDisconnected():
            return RelayUnavailable(f"{error} ({place})")
        case TimeoutError():
            return RelayUnavailable(f"The mail server ({place}) does not answer.")
        case OSError():
            return RelayUnavailable(
                f"The mail server ({place}) cannot be reached: {error.strerror or error}."
            )
        case _:
            return RelayRefused(f"«{relay.server}» is not the name of a server.")
