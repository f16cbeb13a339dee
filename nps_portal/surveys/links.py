"""Addresses on the web to which a thank-you page leads."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from nps_portal.foundation.addresses import ascii_domain
from nps_portal.foundation.errors import PortalError

MOST_LINKS = 5
LABEL_LENGTH = 60
URL_LENGTH = 500


class UnusableLink(PortalError):
    """An address or its label cannot stand on a customer's page."""


@dataclass(frozen=True, kw_only=True)
class ReviewLink:
    """Where customers can review the business in public; the same for everyone."""

    label: str
    url: str


def web_address(text: str) -> str:
    """Return an address that begins with https:// and names a host.

    :raises UnusableLink: it is no such address, or too long.
    """
    url = text.strip()
    if len(url) > URL_LENGTH:
        raise UnusableLink(f"This address is longer than {URL_LENGTH} characters.")
    if not url.isprintable() or " " in url:
        raise UnusableLink("This address contains a blank. Copy it once more from your browser.")
    try:
        parts = urlsplit(url)
        is_complete = parts.scheme == "https" and "." in ascii_domain(parts.hostname or "")
        is_plain = parts.port != 0 and "@" not in parts.netloc
    except (ValueError, PortalError):
        is_complete = is_plain = False
    if not is_complete or not is_plain:
        raise UnusableLink("Write the whole address, beginning with https://.")
    return url
