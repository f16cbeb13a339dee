"""Passwords: which are good enough, how they are kept, and whether one fits.

Hashing takes a tenth of a second on purpose, so none of it happens inside a write transaction
that others wait for; only a change of password hashes there, which is rare.
"""

import secrets
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from nps_portal.accounts.models import User, UserState
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.errors import PortalError

PASSWORD_MINIMUM = 8
PASSWORD_MAXIMUM = 200

_hasher = PasswordHasher()


class WeakPassword(PortalError):
    """A password is too short, too long or one that everybody tries first."""


class WrongCredentials(PortalError):
    """Address and password do not fit; which of the two is not said."""


def check_password(password: str) -> None:
    """Refuse a password that does not protect.

    :raises WeakPassword: shorter than 10 or longer than 200 characters, or a common one.
    """
    if len(password) < PASSWORD_MINIMUM:
        raise WeakPassword(f"Use at least {PASSWORD_MINIMUM} characters; a short sentence is good.")
    if len(password) > PASSWORD_MAXIMUM:
        raise WeakPassword(f"Use at most {PASSWORD_MAXIMUM} characters.")
    if len(set(password.casefold())) < 5 or password.casefold() in _COMMON:
        raise WeakPassword("This password is one of the first that anybody would try.")


def hash_password(password: str) -> str:
    """Return what the table keeps of a password."""
    return _hasher.hash(password)


def password_fits(password_hash: str, password: str) -> bool:
    """Tell whether a password is the one that was hashed."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


def recognise(session: Session, *, email: str, password: str) -> User:
    """Return the User with this address and password.

    :raises WrongCredentials: whatever the reason; the time taken is the same.
    """
    user = user_by_email(session, email)
    known_hash = user.password_hash if user else _nobodys_hash()
    fits = password_fits(known_hash, password)
    if user is None or not fits or user.state is not UserState.ACTIVE:
        raise WrongCredentials("Address and password do not fit.")
    return user


def user_by_email(session: Session, email: str) -> User | None:
    """Return the User with this address, however it is written."""
    try:
        key = parse_email(email).key
    except PortalError:
        return None
    return session.scalar(sa.select(User).where(User.email_key == key))


@cache
def _nobodys_hash() -> str:
    """Return a hash to check against when the address is unknown: it takes the same time."""
    return _hasher.hash(secrets.token_urlsafe(16))


_COMMON = frozenset(
    "password12 password123 password1234 1234567890 12345678910 0123456789 qwertyuiop "
    "qwerty12345 iloveyou123 letmein1234 administrator welcome123 welcome1234 changeme123 "
    "passwort123 passw0rd123 abcdefghij abcd123456 football123 superman123".split()
)
