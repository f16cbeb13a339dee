"""What a person's record said before, for the file that is handed over: by hand and by imports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.changes import ContactChange, text_of
from nps_portal.contacts.models import Company, Property
from nps_portal.imports.models import ImportChange

BY_IMPORT = "import"
# Who looks after somebody is nothing about them, and the rest follows from the change.
_LEFT_OUT = ("changed_at", "removed_at", "owner_id")


@dataclass(frozen=True, kw_only=True)
class GivenChange:
    """One field that was changed, by a kind of somebody; empty text is no value."""

    at: datetime
    by: str
    field: str
    before: str
    after: str


def given_changes(session: Session, contact_ids: Sequence[int]) -> list[GivenChange]:
    """Return every change of a person's records that was kept, oldest first."""
    found = [*_by_hand(session, contact_ids), *_by_imports(session, contact_ids)]
    return sorted(found, key=lambda one: one.at)


def _by_hand(session: Session, contact_ids: Sequence[int]) -> list[GivenChange]:
    rows = session.execute(
        sa.select(ContactChange, Property.name)
        .outerjoin(Property, Property.id == ContactChange.property_id)
        .where(ContactChange.contact_id.in_(contact_ids))
        .order_by(ContactChange.id)
    )
    return [
        GivenChange(
            at=change.at,
            by=change.actor_kind.value,
            field=change.field if name is None else name,
            before=change.former_text,
            after=change.new_text,
        )
        for change, name in rows
    ]


def _by_imports(session: Session, contact_ids: Sequence[int]) -> list[GivenChange]:
    changes = session.scalars(
        sa.select(ImportChange)
        .where(ImportChange.contact_id.in_(contact_ids), ImportChange.after.is_not(None))
        .order_by(ImportChange.id)
    ).all()
    properties = dict(session.execute(sa.select(Property.id, Property.name)).all())
    found = []
    for change in changes:
        before, after = (_told(session, side, properties) for side in (change.before, change.after))
        found += [
            GivenChange(
                at=change.at,
                by=BY_IMPORT,
                field=name,
                before=before.get(name, ""),
                after=after[name],
            )
            for name in after
        ]
    return found


def _told(
    session: Session, side: Mapping[str, Any] | None, properties: Mapping[int, str]
) -> dict[str, str]:
    """Return the fields and properties of one side of a change, by their names."""
    fields = dict((side or {}).get("fields", {}))
    told = {
        name: text_of(value)
        for name, value in fields.items()
        if name not in _LEFT_OUT and name != "company_id"
    }
    if "company_id" in fields:
        company = session.get(Company, fields["company_id"] or 0)
        told["company"] = company.name if company else ""
    held = (side or {}).get("properties", {})
    return told | {properties.get(int(one), "?"): text_of(text) for one, text in held.items()}
