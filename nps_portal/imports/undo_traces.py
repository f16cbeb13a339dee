"""Whom an import added and somebody else has touched since: asked, answered, tagged, merged."""

from collections.abc import Iterator

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, ContactTag, PropertyValue
from nps_portal.foundation.bulk import Span
from nps_portal.foundation.database import Model
from nps_portal.foundation.work import Work
from nps_portal.imports.models import Import, ImportChange, ImportState
from nps_portal.journal.models import Event

# These belong to the Contact itself and go with it.
_OWN = (PropertyValue.__tablename__, ContactTag.__tablename__)
_SOMEBODY = "Somebody has worked with their record since."
_WORDS = {
    "messages": "An email was made for them.",
    "invitations": "They were asked.",
    "responses": "They have answered.",
    "tasks": "There is a task for them.",
    "contacts": "Another record was merged into theirs.",
    "contact_changes": _SOMEBODY,
}


def touched(work: Work, span: Span, *, source: str, import_id: int | None) -> dict[int, str]:
    """Return why contacts that a file added cannot go, by their ids; the others may.

    `import_id` is None where no import but a file of past answers has added them.
    """
    why: dict[int, str] = {}
    for column in _references(Contact.__tablename__):
        if column.table.name in _OWN:
            continue
        found = work.session.scalars(sa.select(column).where(column.between(*span)).distinct())
        words = _WORDS.get(column.table.name, "Something else hangs on their record.")
        why |= dict.fromkeys(found, words)
    changed = sa.select(ImportChange.contact_id).where(
        ImportChange.contact_id.between(*span),
        ImportChange.import_id.is_distinct_from(import_id),
    )
    for contact_id in work.session.scalars(changed.distinct()):
        why.setdefault(contact_id, "Another import has changed their record since.")
    told_by = sa.func.coalesce(Event.facts["source"].as_string(), "")
    events = sa.select(Event.contact_id).where(
        Event.contact_id.between(*span), told_by.not_in(_harmless(work, source))
    )
    for somebody in work.session.scalars(events.distinct()):
        if somebody is not None:
            why.setdefault(somebody, _SOMEBODY)
    return why


def _harmless(work: Work, source: str) -> list[str]:
    """Return the sources of events that are no reason to keep somebody.

    What an import has done that was undone itself is gone, or else stands among the changes.
    """
    undone = work.session.scalars(sa.select(Import.id).where(Import.state == ImportState.UNDONE))
    return [source, "erased before", *(f"import:{one}" for one in undone)]


def _references(table: str) -> Iterator[sa.Column[int]]:
    """Yield the columns of all tables that refer to the ids of one."""
    for other in Model.metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table.name == table and key.column.name == "id":
                yield key.parent
