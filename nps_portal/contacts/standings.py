"""Where contacts stand: what follows from answers and sends, kept beside them for filtering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from nps_portal.contacts.models import Contact, Trend
from nps_portal.foundation.work import Work


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the counted answers of one Contact add up to; nothing at all without one."""

    last_score: int | None = None
    last_answered_at: datetime | None = None
    answers: int = 0
    trend: Trend | None = None


def set_standings(work: Work, standings: Mapping[int, Standing]) -> None:
    """Write down where contacts stand, by their ids, in one order for all who do so."""
    if standings:
        work.session.connection().execute(
            _SET_STANDING,
            [
                {
                    "which": contact_id,
                    "last_score": standing.last_score,
                    "last_answered_at": standing.last_answered_at,
                    "answers": standing.answers,
                    "trend": standing.trend,
                }
                for contact_id, standing in sorted(standings.items())
            ],
        )


def set_last_asked(work: Work, asked_at: Mapping[int, datetime | None]) -> None:
    """Write down when contacts were last put in line to be asked, by their ids; None is never.

    Whoever works it out locks them first: else what is queued meanwhile would be forgotten.
    """
    by_instant: dict[datetime | None, list[int]] = {}
    for contact_id, at in sorted(asked_at.items()):
        by_instant.setdefault(at, []).append(contact_id)
    for at, ids in by_instant.items():
        _write_asked(work, ids, at)


def note_asked(work: Work, contact_ids: Sequence[int]) -> None:
    """Write down that contacts are being asked now."""
    ids = sorted(set(contact_ids))
    lock_contacts(work, ids)
    _write_asked(work, ids, work.now)


def lock_contacts(work: Work, contact_ids: Sequence[int]) -> None:
    """Lock contacts in the order of their ids, as everybody does who locks many."""
    work.session.execute(
        sa.select(Contact.id)
        .where(Contact.id.in_(contact_ids))
        .order_by(Contact.id)
        .with_for_update(key_share=True)
    )


def _write_asked(work: Work, ids: Sequence[int], at: datetime | None) -> None:
    work.session.execute(
        sa.update(Contact)
        .where(Contact.id.in_(ids))
        .values(last_asked_at=at)
        .execution_options(synchronize_session=False)
    )


_TABLE = Contact.__table__
# The columns to be set are those that the rows name.
_SET_STANDING = sa.update(_TABLE).where(_TABLE.c.id == sa.bindparam("which"))  # type: ignore[arg-type]  # a declared table is a Table
