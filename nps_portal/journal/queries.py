"""Reading what happened."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.journal.models import Event


def events_of_contact(session: Session, contact_id: int, limit: int = 200) -> Sequence[Event]:
    """Return the last events on a Contact's timeline, newest first."""
    return session.scalars(
        sa.select(Event)
        .where(Event.contact_id == contact_id)
        .order_by(Event.id.desc())
        .limit(limit)
    ).all()
