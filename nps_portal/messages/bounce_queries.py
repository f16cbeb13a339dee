"""Reading the bounce desk: whose address or last email needs a person, why, and who told.

A report belongs to an address. So whoever got a new one is no longer here, and whose address works
again neither.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.contacts.models import Contact, Suppression, SuppressionReason
from nps_portal.foundation.database import UTCDateTime
from nps_portal.foundation.paging import Place, place_of
from nps_portal.foundation.shown_pages import PAGE_SIZE
from nps_portal.messages.fates import CAME_BACK, remote_words, report_words, teller_words
from nps_portal.outbox.models import Bounce, Message, MessageState
from nps_portal.reports.models import ReportKind


class Trouble(enum.Enum):
    """What kind of mishap brings a person to the desk; refused: no report says more."""

    HARD = "hard"
    SOFT = "soft"
    BLOCKED = "blocked"
    COMPLAINT = "complaint"
    REFUSED = "refused"

    @property
    def words(self) -> str:
        """Return the kind as an owner reads it."""
        return _TROUBLES[self].words

    @property
    def icon(self) -> str:
        """Return the name of its icon."""
        return _TROUBLES[self].icon

    @property
    def colour(self) -> str:
        """Return the colour of meaning that goes with its word."""
        return _TROUBLES[self].colour


class _Sign(NamedTuple):
    words: str
    icon: str
    colour: str


_TROUBLES = {
    Trouble.HARD: _Sign("Wrong address", "x", "red"),
    Trouble.SOFT: _Sign("Mailbox full or away", "clock", "amber"),
    Trouble.BLOCKED: _Sign("Blocked", "lock", "amber"),
    Trouble.COMPLAINT: _Sign("Reported as spam", "ban", "red"),
    Trouble.REFUSED: _Sign("Not taken", "alert-circle", "red"),
}
_SUPPRESSED = {
    SuppressionReason.HARD_BOUNCE: Trouble.HARD,
    SuppressionReason.COMPLAINT: Trouble.COMPLAINT,
}


@dataclass(frozen=True, kw_only=True)
class DeskLine:
    """One person of the desk, and what is known of the mishap."""

    contact: Contact
    trouble: Trouble
    since: datetime
    suppression: Suppression | None
    bounce: Bounce | None
    message: Message | None

    @property
    def why(self) -> str:
        """Return the reason in words."""
        if self.bounce is not None:
            return report_words(self.bounce.kind)
        if self.suppression is not None:
            return self.suppression.reason.words
        return self.message.reason if self.message else ""

    @property
    def their_words(self) -> str:
        """Return what the other side said, as it said it."""
        if self.bounce is not None:
            return remote_words(self.bounce)
        return self.message.last_reply if self.message else ""

    @property
    def told_by(self) -> str:
        """Return who told of it, in words."""
        if self.bounce is not None:
            return teller_words(self.bounce.told_by)
        return teller_words(self.suppression.source if self.suppression else "smtp")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """One page of the desk, its place, and how many people each kind of trouble has."""

    lines: Sequence[DeskLine]
    counts: dict[Trouble, int]
    place: Place


def bounce_desk(session: Session, trouble: Trouble | None, page: int) -> Desk:
    """Return the people of one trouble, or of all, the latest first."""
    found = _found().subquery()
    counted = session.execute(
        sa.select(found.c.trouble, sa.func.count())
        .where(found.c.trouble.is_not(None))
        .group_by(found.c.trouble)
    )
    counts = {Trouble(name): count for name, count in counted}
    total = counts.get(trouble, 0) if trouble else sum(counts.values())
    place = place_of(page, size=PAGE_SIZE, total=total)
    shown = (
        sa.select(found)
        .where(found.c.trouble == trouble.value if trouble else found.c.trouble.is_not(None))
        .order_by(found.c.since.desc(), found.c.contact_id.desc())
        .limit(place.size)
        .offset(place.offset)
    )
    rows = session.execute(shown).all()
    return Desk(lines=_lines(session, rows), counts=counts, place=place)


def _found() -> sa.Select[int, int, int, int, str | None, datetime]:
    """Return the query of everybody who may belong to the desk; without a trouble they do not."""
    people = _people()
    return (
        sa.select(
            people.c.id.label("contact_id"),
            Suppression.id.label("suppression_id"),
            Bounce.id.label("bounce_id"),
            Message.id.label("message_id"),
            _trouble(people.c.email_key).label("trouble"),
            sa.func.coalesce(
                Suppression.created_at,
                Bounce.created_at,
                Message.created_at,
                type_=UTCDateTime(),
            ).label("since"),
        )
        .select_from(people)
        .outerjoin(Suppression, Suppression.email_key == people.c.email_key)
        .outerjoin(Message, Message.id == people.c.message_id)
        .outerjoin(Bounce, Bounce.id == people.c.bounce_id)
    )


def _people() -> sa.CTE:
    """Return the people to look at, each with the last message and the last report."""
    candidates = _candidates().subquery()
    last_message = sa.select(sa.func.max(Message.id)).where(Message.contact_id == Contact.id)
    last_bounce = sa.select(sa.func.max(Bounce.id)).where(
        Bounce.email_key == Contact.email_key, Bounce.kind.in_(CAME_BACK)
    )
    return (
        sa.select(
            Contact.id,
            Contact.email_key,
            last_message.correlate(Contact).scalar_subquery().label("message_id"),
            last_bounce.correlate(Contact).scalar_subquery().label("bounce_id"),
        )
        .join(candidates, candidates.c.id == Contact.id)
        .where(Contact.removed_at.is_(None))
        .cte("people")
        # PostgreSQL would look for both of them again wherever they are named.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


def _candidates() -> sa.CompoundSelect[Any]:
    return sa.union(
        sa.select(Contact.id)
        .join(Suppression, Suppression.email_key == Contact.email_key)
        .where(Suppression.reason.in_(_SUPPRESSED)),
        sa.select(Contact.id)
        .join(Bounce, Bounce.email_key == Contact.email_key)
        .where(Bounce.kind.in_(CAME_BACK)),
        sa.select(Message.contact_id)
        .where(Message.state == MessageState.FAILED)
        .where(Message.contact_id.is_not(None)),
    )


def _trouble(email_key: sa.ColumnElement[str]) -> sa.ColumnElement[str | None]:
    """Return what keeps a person at the desk: the address, else what the last email met.

    A hard bounce without its suppression was lifted: the address works again. Who unsubscribed or
    was blocked by hand gets no email whatever happens to the address.
    """
    suppressed = [
        (Suppression.reason == reason, trouble.value) for reason, trouble in _SUPPRESSED.items()
    ]
    passing = (ReportKind.SOFT, ReportKind.BLOCKED)
    return sa.case(
        *suppressed,
        (Suppression.id.is_not(None), sa.null()),
        (
            sa.or_(Message.id.is_(None), Bounce.created_at >= Message.created_at),
            sa.case((Bounce.kind.in_(passing), sa.cast(Bounce.kind, sa.String))),
        ),
        (
            sa.and_(Message.state == MessageState.FAILED, Message.email_key == email_key),
            Trouble.REFUSED.value,
        ),
        else_=sa.null(),
    )


def _lines(session: Session, rows: Sequence[Any]) -> list[DeskLine]:
    contacts = _by_id(session, Contact, [row.contact_id for row in rows])
    suppressions = _by_id(session, Suppression, [row.suppression_id for row in rows])
    bounces = _by_id(session, Bounce, [row.bounce_id for row in rows])
    messages = _by_id(session, Message, [row.message_id for row in rows])
    return [
        DeskLine(
            contact=contacts[row.contact_id],
            trouble=Trouble(row.trouble),
            since=row.since,
            suppression=suppressions.get(row.suppression_id),
            # A report that is older than the email that failed says nothing about it.
            bounce=None if row.trouble == Trouble.REFUSED.value else bounces.get(row.bounce_id),
            message=messages.get(row.message_id),
        )
        for row in rows
    ]


def _by_id(session: Session, model: Any, ids: Sequence[int | None]) -> dict[int, Any]:
    found = session.scalars(sa.select(model).where(model.id.in_({one for one in ids if one})))
    return {row.id: row for row in found}
