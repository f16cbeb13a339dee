"""Where returned emails arrive: an IMAP folder or a Maildir, as its address tells."""

import enum
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from nps_portal.config import LOOPBACK_HOSTS
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.setting_values import inbox_address


class InboxTrouble(PortalError):
    """The inbox cannot be read now; the message says why."""


class Protection(enum.Enum):
    """How the conversation with an IMAP server is protected; none only on this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class ImapPlace:
    """A folder of an IMAP account."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    protection: Protection

    @property
    def name(self) -> str:
        """Return what names the place, without its secret."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"[:500]


@dataclass(frozen=True, kw_only=True)
class MaildirPlace:
    """A Maildir of this machine."""

    path: Path

    @property
    def name(self) -> str:
        """Return what names the place."""
        return f"maildir:{self.path}"[:500]


def place_of(url: str) -> ImapPlace | MaildirPlace:
    """Return the place that an address names.

    :raises InboxTrouble: it is no address of an inbox.
    """
    try:
        parts = urlsplit(inbox_address(url))
    except ValueError as error:
        raise InboxTrouble(f"The address of the inbox {error}.") from error
    if parts.scheme == "maildir":
        return MaildirPlace(path=Path(unquote(parts.path)))
    return _imap_place(parts)


def _imap_place(parts: SplitResult) -> ImapPlace:
    host = parts.hostname or ""
    protection = Protection.NONE if host in LOOPBACK_HOSTS else Protection.STARTTLS
    if parts.scheme == "imaps":
        protection = Protection.TLS
    texts = [
        unquote(text or "") for text in (parts.username, parts.password, parts.path.lstrip("/"))
    ]
    if not all(text.isprintable() for text in texts):
        # A line break would end the IMAP command that it stands in.
        raise InboxTrouble("The address of the inbox holds characters that cannot be sent.")
    user, password, folder = texts
    return ImapPlace(
        host=host,
        port=parts.port or (993 if protection is Protection.TLS else 143),
        user=user,
        password=password,
        folder=folder or "INBOX",
        protection=protection,
    )
