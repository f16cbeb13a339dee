"""Writing accounts: users, their passwords and their sessions."""

import hashlib
import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from nps_portal.accounts.models import Role, SignInSession, User, UserState
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record

PASSWORD_MINIMUM = 10
PASSWORD_MAXIMUM = 200

_hasher = PasswordHasher()
# A sign-in with an unknown address takes as long as one with a wrong password.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class WeakPassword(PortalError):
    """A password is too short, too long or one that everybody tries first."""


class UserExists(PortalError):
    """The address belongs to a User already."""


class AlreadySetUp(PortalError):
    """The portal has an owner."""


class WrongCredentials(PortalError):
    """Address and password do not fit; which of the two is not said."""


def create_first_owner(work: Work, *, email: str, name: str, password: str) -> User:
    """Make the owner at the first visit.

    :raises AlreadySetUp: somebody was quicker.
    """
    # Without the lock two first visitors of one moment would both find an empty table.
    lock_for_transaction(work.session, "first-owner")
    if work.session.scalar(sa.select(sa.func.count()).select_from(User)):
        raise AlreadySetUp("This portal has its owner already: sign in instead.")
    return add_user(work, email=email, name=name, password=password, role=Role.OWNER)


def add_user(work: Work, *, email: str, name: str, password: str, role: Role) -> User:
    """Add a User who may sign in at once.

    :raises BadEmail: the address cannot be one.
    :raises WeakPassword: see `check_password`.
    :raises UserExists: the address is taken.
    """
    address = parse_email(email)
    check_password(password)
    if work.session.scalar(sa.select(User.id).where(User.email_key == address.key)):
        raise UserExists(f"{address.email} is a user already.")
    user = User(
        email=address.email,
        email_key=address.key,
        name=name.strip() or address.email,
        password_hash=_hasher.hash(password),
        role=role,
        state=UserState.ACTIVE,
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    record(work, "user.added", user_id=user.id, role=role.value)
    return user


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


def sign_in(work: Work, *, email: str, password: str) -> tuple[User, str]:
    """Begin a session and return the User with the cookie's secret.

    :raises WrongCredentials: whatever the reason; the time taken is the same.
    """
    user = _user_by_email(work, email)
    if not _password_fits(user.password_hash if user else _NOBODY, password) or user is None:
        raise WrongCredentials("Address and password do not fit.")
    if user.state is not UserState.ACTIVE:
        raise WrongCredentials("Address and password do not fit.")
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    token = secrets.token_urlsafe(32)
    work.session.add(
        SignInSession(
            user_id=user.id,
            token_hash=hash_session_token(token),
            created_at=work.now,
            last_seen_at=work.now,
        )
    )
    record(work, "user.signed_in", user_id=user.id)
    return user, token


def sign_out(work: Work, token: str) -> None:
    """End the session that a cookie names; an unknown one is ended already."""
    work.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.token_hash == hash_session_token(token))
        .where(SignInSession.ended_at.is_(None))
        .values(ended_at=work.now)
    )


def rename(work: Work, user_id: int, name: str) -> None:
    """Change how a User is called; without a name it is the address."""
    user = work.session.get_one(User, user_id)
    user.name = name.strip() or user.email


def change_password(
    work: Work, user_id: int, *, present: str, new: str, kept_session_id: int
) -> None:
    """Change a User's password and end the sessions of all other browsers.

    :raises WrongCredentials: the present password does not fit.
    :raises WeakPassword: see `check_password`.
    """
    user = work.session.get_one(User, user_id)
    if not _password_fits(user.password_hash, present):
        raise WrongCredentials("This is not your present password.")
    check_password(new)
    user.password_hash = _hasher.hash(new)
    work.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.user_id == user_id, SignInSession.id != kept_session_id)
        .where(SignInSession.ended_at.is_(None))
        .values(ended_at=work.now)
    )
    record(work, "user.password_changed", user_id=user_id)


def note_visit(work: Work, session_id: int) -> None:
    """Keep a session alive: it ends by itself some hours after the last visit."""
    work.session.execute(
        sa.update(SignInSession)
        .where(SignInSession.id == session_id)
        .values(last_seen_at=work.now)
    )


def hash_session_token(token: str) -> str:
    """Return what the table keeps of a cookie's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def _user_by_email(work: Work, email: str) -> User | None:
    try:
        key = parse_email(email).key
    except PortalError:
        return None
    return work.session.scalar(sa.select(User).where(User.email_key == key))


def _password_fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


_COMMON = frozenset(
    "password12 password123 password1234 1234567890 12345678910 0123456789 qwertyuiop "
    "qwerty12345 iloveyou123 letmein1234 administrator welcome123 welcome1234 changeme123 "
    "passwort123 passw0rd123 abcdefghij abcd123456 football123 superman123".split()
)
