"""The values of settings: what each may be, and in which words another is refused.

The name of the variable stands before the words already.
"""

import difflib
import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.errors import PortalError

SECRET_KEY_MINIMUM = 16

_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_LABELS = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})*")


def public_address(value: str) -> str:
    """Return the address that links begin with: a scheme, a host, perhaps a port.

    :raises ValueError: says what it must be.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or _BLANK.search(value):
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be a plain address without ?, # or a user name")
    if parts.path.strip("/"):
        raise ValueError(
            f"must end after the host, without {parts.path}; the portal needs a host name of its "
            "own, as in https://nps.acme.example"
        )
    if not parts.netloc.isascii():
        raise ValueError(f"must be written as {_punycode(parts.hostname)}")
    if parts.port == 0:
        raise ValueError("must name a port from 1 to 65535, or none")
    return value.rstrip("/")


def _punycode(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError("must name a host as the DNS knows it") from error


def bind_address(value: str) -> str:
    """Return an address and a port to listen on.

    :raises ValueError: says what it must be.
    """
    host, separator, port = value.rpartition(":")
    if not separator or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("must be an address and a port, as in 127.0.0.1:8000")
    return value


def time_zone(value: str) -> str:
    """Return the name of a zone that this machine knows.

    :raises ValueError: says what it must be.
    """
    if value not in available_timezones():
        close = difflib.get_close_matches(value, available_timezones(), n=1)
        hint = f"; did you mean {close[0]}?" if close else ", as in Europe/Vienna"
        raise ValueError(f"is not a time zone{hint}")
    ZoneInfo(value)
    return value


def secret(value: str) -> str:
    """Return a secret that is long enough.

    :raises ValueError: says what it must be.
    """
    if len(value) < SECRET_KEY_MINIMUM:
        raise ValueError(
            f"is too short to be a secret; use {SECRET_KEY_MINIMUM} characters or more"
        )
    return value


def database_address(value: str) -> str:
    """Return the address of a SQLite file or a PostgreSQL database.

    :raises ValueError: says what it must be.
    """
    if not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql+psycopg://")
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValueError("is not a complete address of a database") from error
    if not url.database or url.database == ":memory:":
        raise ValueError("must name the database, as in sqlite:////var/lib/nps/nps.sqlite")
    return value


def one_line(value: str) -> str:
    """Return text that can stand in a header and a heading.

    :raises ValueError: says what it must be.
    """
    if not value.isprintable():
        raise ValueError("must be one line without control characters")
    return value


def server_name(value: str) -> str:
    """Return the name or the address of a server.

    :raises ValueError: says what it must be.
    """
    if "/" in value or _BLANK.search(value):
        raise ValueError("must be a name alone, as in smtp.example.com: no port, no https://")
    return value


def email(value: str) -> str:
    """Return an address that emails can come from.

    :raises ValueError: says what it must be.
    """
    try:
        return parse_email(value).email
    except PortalError as error:
        raise ValueError(str(error)) from error


def dns_label(value: str) -> str:
    """Return one part of a DNS name, such as a DKIM selector.

    :raises ValueError: says what it must be.
    """
    if not _LABELS.fullmatch(value):
        raise ValueError("must be letters, digits and hyphens, as in nps")
    return value.lower()


def inbox_address(value: str) -> str:
    """Return where returned emails arrive: an IMAP account or a Maildir.

    :raises ValueError: says what it must be.
    """
    try:
        parts = urlsplit(value)
        is_complete = parts.port != 0
    except ValueError:
        is_complete = False
    if is_complete and parts.scheme == "maildir":
        is_complete = parts.path.startswith("/") and not parts.netloc
    elif is_complete:
        is_complete = parts.scheme in {"imap", "imaps"} and bool(
            parts.hostname and parts.username and parts.password
        )
    if not is_complete:
        raise ValueError(
            "must be imaps://name:password@host/folder (imap:// for STARTTLS) or maildir:/a/path; "
            "write % as %25 and @ in the name as %40"
        )
    return value
