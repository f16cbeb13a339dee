"""Bringing back what contacts said before somebody changed them by hand."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from nps_portal.contacts.changes import ContactChange
from nps_portal.contacts.models import Property
from nps_portal.exports.archive_rows import Archive, Row
from nps_portal.exports.change_tables import CHANGE
from nps_portal.exports.restoring_known import Known
from nps_portal.foundation.bulk import insert_rows
from nps_portal.foundation.work import Work


def restore_changes(work: Work, archive: Archive, known: Known) -> None:
    """Bring back what is known of former values, once people and properties are there."""
    properties = dict(work.session.execute(sa.select(Property.name, Property.id)).all())
    for chunk in archive.chunks("changes"):
        _changes(work, chunk, known, properties)


def _changes(work: Work, chunk: Sequence[Row], known: Known, properties: dict[str, int]) -> None:
    people = known.people(work, [row["contact"] for row in chunk])
    rows: list[Sequence[Any]] = []
    for row in chunk:
        with row.checked():
            contact_id = people[row["contact"]]
            property_id = properties[row["property"]] if row["property"] else None
        # Whoever is not among the users any more stays nobody.
        actor_id = known.users.get(row["actor"])
        rows.append((contact_id, property_id, actor_id, *row.values(CHANGE)))
    names = ("contact_id", "property_id", "actor_id", *(one.name for one in CHANGE))
    insert_rows(work.session, ContactChange, names, rows)
