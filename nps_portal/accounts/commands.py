"""Writing accounts: users, their passwords and their sessions."""

import hashlib
import secrets

import sqlalchemy as sa

from nps_portal.accounts.models import Role, SignInSession, User, UserState
from nps_portal.accounts.passwords import (
    WrongCredentials,
    check_password,
    hash_password,
    password_fits,
    user_by_email,
)
from nps_portal.foundation.addresses import parse_email
from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.errors import PortalError
from nps_portal.foundation.work import Work
from nps_portal.journal.commands import record


class UserExists(PortalError):
    """The address belongs to a User already."""


class UnknownUser(PortalError):
    """No User has this address."""


class AlreadySetUp(PortalError):
    """The portal has an owner."""


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
        password_hash=hash_password(password),
        role=role,
        state=UserState.ACTIVE,
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    record(work, "user.added", user_id=user.id, role=role.value)
    return user


def begin_session(work: Work, user_id: int) -> str:
    """Begin a session for a User who was recognised, and return the cookie's secret."""
    token = secrets.token_urlsafe(32)
    work.session.add(
        SignInSession(
            user_id=user_id,
            token_hash=hash_session_token(token),
            created_at=work.now,
            last_seen_at=work.now,
        )
    )
    record(work, "user.signed_in", user_id=user_id)
    return token


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


def reset_password(work: Work, *, email: str, password: str) -> None:
    """Give a User who forgot the password a new one, and end all their sessions.

    :raises UnknownUser: nobody has this address.
    :raises WeakPassword: see `check_password`.
    """
    user = user_by_email(work.session, email)
    if user is None:
        raise UnknownUser(f"{email} is not a user of this portal.")
    _set_password(work, user, password, kept_session_id=None)


def change_password(
    work: Work, user_id: int, *, present: str, new: str, kept_session_id: int
) -> None:
    """Change a User's password and end the sessions of all other browsers.

    :raises WrongCredentials: the present password does not fit.
    :raises WeakPassword: see `check_password`.
    """
    user = work.session.get_one(User, user_id)
    if not password_fits(user.password_hash, present):
        raise WrongCredentials("This is not your present password.")
    _set_password(work, user, new, kept_session_id=kept_session_id)


def note_visit(work: Work, session_id: int) -> None:
    """Keep a session alive: it ends by itself some hours after the last visit."""
    work.session.execute(
        sa.update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=work.now)
    )


def hash_session_token(token: str) -> str:
    """Return what the table keeps of a cookie's secret."""
    return hashlib.sha256(token.encode()).hexdigest()


def _set_password(work: Work, user: User, password: str, *, kept_session_id: int | None) -> None:
    """Change the password and end the User's sessions, but for the one that is kept."""
    check_password(password)
    user.password_hash = hash_password(password)
    open_sessions = sa.and_(SignInSession.user_id == user.id, SignInSession.ended_at.is_(None))
    ended = sa.update(SignInSession).where(open_sessions).values(ended_at=work.now)
    if kept_session_id is not None:
        ended = ended.where(SignInSession.id != kept_session_id)
    work.session.execute(ended)
    record(work, "user.password_changed", user_id=user.id)
