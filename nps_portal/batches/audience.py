"""Who a Batch is meant for, and who of them still waits for a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Batch, BatchMember, Exclusion, Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.segments.models import Segment
from nps_portal.segments.queries import catalogue, first_members, member_query
from nps_portal.segments.reading import read
from nps_portal.segments.rules import Rules
from nps_portal.segments.walking import Beginning

CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class SegmentAudience:
    """A Segment as it was when a send to it was decided; later changes of it do not count."""

    segment_id: int
    name: str
    rules: Mapping[str, Any]

    @classmethod
    def of(cls, segment: Segment) -> "SegmentAudience":
        """Return the Segment as it is now."""
        return cls(segment_id=segment.id, name=segment.name, rules=segment.rules)


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Everybody, or these contacts, or who is in a Segment when the send begins."""

    contact_ids: tuple[int, ...] | None = None
    segment: SegmentAudience | None = None

    def stored(self) -> dict[str, Any]:
        """Return the form that the table keeps."""
        if self.segment is not None:
            one = self.segment
            return {
                "kind": "segment",
                "id": one.segment_id,
                "name": one.name,
                "rules": dict(one.rules),
            }
        if self.contact_ids is None:
            return {"kind": "all"}
        return {"kind": "contacts", "ids": list(self.contact_ids)}

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Audience":
        """Read the stored form."""
        if stored["kind"] == "segment":
            return cls(
                segment=SegmentAudience(
                    segment_id=stored["id"], name=stored["name"], rules=stored["rules"]
                )
            )
        return cls(contact_ids=tuple(stored["ids"]) if stored["kind"] == "contacts" else None)

    @property
    def segment_name(self) -> str:
        """Return the name of the Segment, nothing for any other audience."""
        return self.segment.name if self.segment else ""


EVERYBODY = Audience()


def members_query(session: Session, audience: Audience, at: datetime) -> sa.Select[int]:
    """Return the query of the ids of an audience: of everybody, who was a contact at an instant."""
    if audience.segment is not None:
        return member_query(session, segment_rules(session, audience.segment), at)
    if audience.contact_ids is not None:
        return sa.select(Contact.id).where(Contact.id.in_(audience.contact_ids))
    return sa.select(Contact.id).where(
        Contact.created_at <= at,
        sa.or_(Contact.removed_at.is_(None), Contact.removed_at > at),
    )


def first_ids(session: Session, audience: Audience, now: datetime, limit: int) -> Beginning:
    """Return the first of an audience in the order they are asked, as many as are found soon."""
    if audience.segment is not None:
        return first_members(session, segment_rules(session, audience.segment), now, limit)
    query = members_query(session, audience, now).order_by(Contact.id)
    ids = session.scalars(query.limit(limit + 1)).all()
    return Beginning(ids=ids[:limit], is_all=len(ids) <= limit)


def member_ids(
    session: Session, audience: Audience, now: datetime, limit: int | None = None
) -> list[int]:
    """Return the ids of who is in an audience as it is now, in the order they are asked."""
    members = members_query(session, audience, now).order_by(Contact.id)
    return list(session.scalars(members.limit(limit)))


def member_count(session: Session, audience: Audience, now: datetime) -> int:
    """Return how many are in an audience as it is now."""
    members = members_query(session, audience, now).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(members)) or 0


def segment_rules(session: Session, segment: SegmentAudience) -> Rules:
    """Return the rules with which a send to a Segment was decided."""
    return read(segment.rules, catalogue(session))


def freeze_members(work: Work, batch_id: int, stored: dict[str, Any]) -> None:
    """Write down who is in the Segment of a Batch that begins; nothing to do for another one."""
    segment = Audience.of(stored).segment
    if segment is None:
        return
    rules = segment_rules(work.session, segment)
    members = member_query(work.session, rules, work.now).add_columns(sa.literal(batch_id))
    work.session.execute(sa.insert(BatchMember).from_select(["contact_id", "batch_id"], members))


def undecided(session: Session, batch: Batch, limit: int = CHUNK) -> Sequence[int]:
    """Return the next contacts of a running Batch without Invitation or Exclusion.

    They are found from the rows themselves; no cursor could skip anybody.
    """
    query = _waiting(session, batch)
    for table in (Invitation, Exclusion):
        query = query.where(
            ~sa.select(table.id)
            .where(table.batch_id == batch.id)
            .where(table.contact_id == Contact.id)
            .exists()
        )
    return session.scalars(query.order_by(Contact.id).limit(limit)).all()


def note_decided(work: Work, batch: Batch, contact_ids: Sequence[int]) -> None:
    """Take those out of the members of a Batch who have an Invitation or an Exclusion now."""
    work.session.execute(
        sa.delete(BatchMember).where(
            BatchMember.batch_id == batch.id, BatchMember.contact_id.in_(contact_ids)
        )
    )


def forget_members(work: Work, batch: Batch) -> None:
    """Forget who was still to be decided about, because nobody will be any more."""
    work.session.execute(sa.delete(BatchMember).where(BatchMember.batch_id == batch.id))


def audience_size(session: Session, batch: Batch, decided: int, now: datetime) -> int:
    """Return how many a Batch is meant for, of whom so many are decided about."""
    audience = Audience.of(batch.audience)
    if audience.segment is None or batch.started_at is None:
        return member_count(session, audience, batch.started_at or now)
    waiting = sa.select(sa.func.count()).where(BatchMember.batch_id == batch.id)
    return decided + (session.scalar(waiting) or 0)


def _waiting(session: Session, batch: Batch) -> sa.Select[int]:
    """Return the query of those whom a running Batch may not have decided about."""
    audience = Audience.of(batch.audience)
    if audience.segment is None:
        return members_query(session, audience, batch.started_at or batch.scheduled_at)
    return (
        sa.select(Contact.id)
        .join(BatchMember, BatchMember.contact_id == Contact.id)
        .where(BatchMember.batch_id == batch.id)
    )
