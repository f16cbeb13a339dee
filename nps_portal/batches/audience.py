"""Who a Batch is meant for, and who of them still waits for a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Batch, Exclusion, Invitation
from nps_portal.contacts.models import Contact

CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Everybody, or these contacts."""

    contact_ids: tuple[int, ...] | None = None

    def stored(self) -> dict[str, Any]:
        """Return the form that the table keeps."""
        if self.contact_ids is None:
            return {"kind": "all"}
        return {"kind": "contacts", "ids": list(self.contact_ids)}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Audience":
        """Read the stored form."""
        return cls(contact_ids=tuple(stored["ids"]) if stored["kind"] == "contacts" else None)


EVERYBODY = Audience()


def member_ids(session: Session, audience: Audience, now: datetime) -> list[int]:
    """Return the ids of everybody in an audience as it is now, in the order they are asked."""
    return list(session.scalars(_members(audience, now).order_by(Contact.id)))


def member_count(session: Session, audience: Audience, now: datetime) -> int:
    """Return how many are in an audience as it is now."""
    members = _members(audience, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(members)) or 0


def undecided(session: Session, batch: Batch, limit: int = CHUNK) -> Sequence[int]:
    """Return the next contacts of a running Batch without Invitation or Exclusion.

    They are found from the rows themselves; no cursor could skip anybody.
    """
    query = _members(Audience.of(batch.audience), batch.started_at or batch.scheduled_at)
    for table in (Invitation, Exclusion):
        query = query.where(
            ~sa.select(table.id)
            .where(table.batch_id == batch.id)
            .where(table.contact_id == Contact.id)
            .exists()
        )
    return session.scalars(query.order_by(Contact.id).limit(limit)).all()


def _members(audience: Audience, at: datetime) -> sa.Select[int]:
    """Return the query of an audience: for everybody, those who were contacts at that instant."""
    if audience.contact_ids is not None:
        return sa.select(Contact.id).where(Contact.id.in_(audience.contact_ids))
    return sa.select(Contact.id).where(
        Contact.created_at <= at,
        sa.or_(Contact.removed_at.is_(None), Contact.removed_at > at),
    )
