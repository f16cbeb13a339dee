"""Two records side by side: what is known of each, and what would move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.queries import user_names
from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact, Property, PropertyValue, Suppression, Tag
from nps_portal.contacts.properties import properties, values_of
from nps_portal.contacts.queries import suppression_of
from nps_portal.contacts.tags import tags_of
from nps_portal.followups.models import Task
from nps_portal.outbox.models import Message
from nps_portal.responses.models import Response


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """How much hangs on a Contact."""

    answers: int
    sends: int
    emails: int
    tasks: int

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing does."""
        return not (self.answers or self.sends or self.emails or self.tasks)


@dataclass(frozen=True, kw_only=True)
class SideRecord:
    """One of two records: the row, what stands beside it in other tables, and what hangs on it."""

    contact: Contact
    owner: str
    tags: Sequence[Tag]
    properties: Sequence[tuple[Property, PropertyValue]]
    suppression: Suppression | None
    holdings: Holdings


def side_record(session: Session, contact: Contact) -> SideRecord:
    """Return what is known of one record."""
    held = values_of(session, [contact.id])[contact.id]
    owners: Mapping[int, str] = user_names(session, [contact.owner_id] if contact.owner_id else [])
    return SideRecord(
        contact=contact,
        owner=owners.get(contact.owner_id or 0, ""),
        tags=tags_of(session, [contact.id])[contact.id],
        properties=[(one, held[one.id]) for one in properties(session) if one.id in held],
        suppression=suppression_of(session, contact.email_key),
        holdings=Holdings(
            answers=_count(session, Response, contact.id),
            sends=_count(session, Invitation, contact.id),
            emails=_count(session, Message, contact.id),
            tasks=_count(session, Task, contact.id),
        ),
    )


def _count(session: Session, table: Any, contact_id: int) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(table.contact_id == contact_id)
    return session.scalar(counted) or 0
