"""Whom an import added and somebody else has touched since: asked, answered, tagged, merged."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, ContactTag, PropertyValue
from nps_portal.foundation.database import Model
from nps_portal.foundation.work import Work
from nps_portal.journal.models import Event

# These belong to the Contact itself and go with it.
_OWN = (PropertyValue.__tablename__, ContactTag.__tablename__)
_WORDS = {
    "messages": "An email was made for them.",
    "invitations": "They were asked.",
    "responses": "They have answered.",
    "tasks": "There is a task for them.",
    "contacts": "Another record was merged into theirs.",
}


def touched(work: Work, contact_ids: Sequence[int], source: str) -> dict[int, str]:
    """Return why contacts that an import added cannot go, by their ids; the others may."""
    why: dict[int, str] = {}
    if not contact_ids:
        return why
    for column in _references(Contact.__tablename__):
        if column.table.name in _OWN:
            continue
        found = work.session.scalars(sa.select(column).where(column.in_(contact_ids)).distinct())
        words = _WORDS.get(column.table.name, "Something else hangs on their record.")
        why |= dict.fromkeys(found, words)
    events = work.session.execute(
        sa.select(Event.contact_id, Event.facts).where(Event.contact_id.in_(contact_ids))
    )
    for contact_id, facts in events:
        if facts.get("source") not in (source, "erased before"):
            why.setdefault(contact_id, "Somebody has worked with their record since.")
    return why


def _references(table: str) -> Iterator[sa.Column[int]]:
    """Yield the columns of all tables that refer to the ids of one."""
    for other in Model.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table.name == table and key.column.name == "id":
                yield key.parent
