"""How often one may knock: counted in the memory of each web process.

One address of a client gets a number of tries a minute. One email that is tried gets some tries,
from wherever they come, and is then slowed down: it is never locked for good, because anybody could
lock an owner out that way.
"""

from flask import abort
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import parse

from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.errors import PortalError

SIGN_INS_PER_CLIENT = "20 per minute"
SET_UPS_PER_CLIENT = "10 per minute"
TEST_MAILS_PER_CLIENT = "6 per minute"

limiter = Limiter(get_remote_address, headers_enabled=False)

_EMAIL_TRIES = parse("10 per 15 minutes")
_EMAIL_TRIES_SLOWED = parse("2 per minute")


def count_password_try(email: str) -> None:
    """Count a password that is about to be tried for an email; answer 429 when it is too soon."""
    key = _key(email)
    if limiter.limiter.hit(_EMAIL_TRIES, "password", key):
        return
    if not limiter.limiter.hit(_EMAIL_TRIES_SLOWED, "password-slowed", key):
        abort(429)


def forget_password_tries(email: str) -> None:
    """Begin to count anew, after the right password."""
    limiter.limiter.clear(_EMAIL_TRIES, "password", _key(email))


def client_address() -> str:
    """Return the address that the request came from, behind the trusted proxies."""
    return get_remote_address()


def _key(email: str) -> str:
    try:
        return parse_email(email).key
    except PortalError:
        return email.strip().casefold()[:320]
