"""Reading accounts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.commands import hash_session_token
from nps_portal.accounts.models import SignInSession, User, UserState

IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)


def has_users(session: Session) -> bool:
    """Tell whether somebody has set the portal up."""
    return session.scalar(sa.select(User.id).limit(1)) is not None


def live_session(session: Session, token: str, now: datetime) -> SignInSession | None:
    """Return the session that a cookie names, unless it ended, ran out or its User is disabled."""
    row = session.scalar(
        sa.select(SignInSession).where(SignInSession.token_hash == hash_session_token(token))
    )
    if row is None or row.ended_at is not None or row.user.state is not UserState.ACTIVE:
        return None
    if now - row.last_seen_at >= IDLE_LIMIT or now - row.created_at >= ABSOLUTE_LIMIT:
        return None
    return row


def user_names(session: Session, user_ids: Sequence[int]) -> dict[int, str]:
    """Return the names of these Users by id."""
    found = session.execute(sa.select(User.id, User.name).where(User.id.in_(user_ids)))
    return {user_id: name for user_id, name in found}


def active_users(session: Session) -> Sequence[User]:
    """Return the Users who may come in, by name."""
    return session.scalars(
        sa.select(User).where(User.state == UserState.ACTIVE).order_by(User.name, User.id)
    ).all()
