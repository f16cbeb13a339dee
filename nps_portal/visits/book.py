"""The visit book: openings that come at the same moment are written down in one transaction.

A transaction that is safe from a power cut costs milliseconds, however little it writes. Whoever
comes while one is under way leaves a slip; the next writer takes all slips that lie there.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.database import DatabaseUnavailable
from nps_portal.foundation.work import Actor, ActorKind, Work, unit_of_work
from nps_portal.outbox.bounces import resolve_uncertain
from nps_portal.outbox.models import Message, MessageState
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import Visit, VisitKind

# The reader is one of several, so the actor is a customer without a name.
_READERS = Actor(kind=ActorKind.CUSTOMER)
_INSERT = sa.insert(Visit.__table__)  # type: ignore[arg-type]  # a declared table is a Table
_UNSURE = sa.case((Message.state.in_([MessageState.UNCERTAIN, MessageState.QUEUED]), 1), else_=0)
_KNOWN = (
    sa.select(Invitation.id, Contact.email_key, sa.func.max(Message.sent_at), sa.func.max(_UNSURE))
    .join(Contact, Contact.id == Invitation.contact_id)
    .outerjoin(Message, Message.invitation_id == Invitation.id)
    .where(Invitation.id.in_(sa.bindparam("ids", expanding=True)))
    .group_by(Invitation.id, Contact.email_key)
)


@dataclass(kw_only=True)
class _Slip:
    """One opening that waits to be written, and what came of it."""

    invitation_id: int
    facts: VisitFacts
    at: datetime
    written: bool = False
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the database knows of an Invitation whose link was opened."""

    mail_domain: str
    sent_at: datetime | None
    is_unsure: bool


@dataclass
class VisitBook:
    """Where the threads of one process write their visits."""

    _waiting: list[_Slip] = field(default_factory=list)
    _pile: threading.Lock = field(default_factory=threading.Lock)
    _pen: threading.Lock = field(default_factory=threading.Lock)

    def write(self, invitation_id: int, facts: VisitFacts, at: datetime) -> None:
        """Keep one opening of a link; on return it is safe.

        :raises DatabaseUnavailable: it could not be written now.
        """
        slip = _Slip(invitation_id=invitation_id, facts=facts, at=at)
        with self._pile:
            self._waiting.append(slip)
        with self._pen:
            if not slip.written:
                self._write_all()
        if slip.fault:
            raise DatabaseUnavailable(slip.fault)

    def _write_all(self) -> None:
        with self._pile:
            slips, self._waiting = self._waiting, []
        with _settled(slips), unit_of_work(_READERS) as work:
            _log(work, slips)


@contextmanager
def _settled(slips: Sequence[_Slip]) -> Iterator[None]:
    """Tell every waiting thread what came of its slip, also when the writing failed."""
    fault = "The visits could not be written."
    try:
        yield
        fault = ""
    except DatabaseUnavailable as error:
        fault = str(error)
    finally:
        for slip in slips:
            slip.written, slip.fault = True, fault


def _log(work: Work, slips: Sequence[_Slip]) -> None:
    known = _known(work, {slip.invitation_id for slip in slips})
    for slip in slips:
        about = known.get(slip.invitation_id)
        chosen = slip.facts.kind is VisitKind.SURVEY_PAGE and slip.facts.score is not None
        if about is not None and about.is_unsure and chosen:
            resolve_uncertain(work, slip.invitation_id)
    work.session.connection().execute(
        _INSERT,
        [_row(slip, known[slip.invitation_id]) for slip in slips if slip.invitation_id in known],
    )


def _known(work: Work, invitation_ids: set[int]) -> dict[int, _Known]:
    # On the connection itself: the ORM would take longer than the database.
    rows = work.session.connection().execute(_KNOWN, {"ids": sorted(invitation_ids)})
    return {
        invitation_id: _Known(
            mail_domain=address.rpartition("@")[2], sent_at=sent_at, is_unsure=bool(is_unsure)
        )
        for invitation_id, address, sent_at, is_unsure in rows
    }


def _row(slip: _Slip, known: _Known) -> dict[str, object]:
    facts = slip.facts
    return {
        "invitation_id": slip.invitation_id,
        "at": slip.at,
        "kind": facts.kind,
        "method": facts.method,
        "score": facts.score,
        "network": facts.network,
        "user_agent": facts.user_agent[:300],
        "purpose": facts.purpose[:64],
        "mail_domain": known.mail_domain,
        "seconds_since_sent": (
            (slip.at - known.sent_at).total_seconds() if known.sent_at is not None else None
        ),
        "seconds_on_page": facts.seconds_on_page,
        "details": dict(facts.details),
        "verdict": None,
        "marks": {},
    }
