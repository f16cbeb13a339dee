"""Reading what happened."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.journal.models import Event


def events_of_contact(
    session: Session, contact_id: int, limit: int = 200, until: datetime | None = None
) -> Sequence[Event]:
    """Return the last events on a Contact's timeline, up to an instant, newest first."""
    return events_of_contacts(session, [contact_id], limit, until)


def events_of_contacts(
    session: Session, contact_ids: Sequence[int], limit: int = 200, until: datetime | None = None
) -> Sequence[Event]:
    """Return the last events of several contacts on one timeline, as `events_of_contact` does.

    Who was merged has several ids: what happened stays with the record to which it happened.
    """
    query = sa.select(Event).where(Event.contact_id.in_(contact_ids))
    if until is not None:
        query = query.where(Event.at <= until)
    return session.scalars(query.order_by(Event.at.desc(), Event.id.desc()).limit(limit)).all()
