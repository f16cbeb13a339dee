"""First answers that nothing speaks against: taken together with those that come beside.

Everything else goes a longer way: a change, a doubtful answer, one whose email is not known to have
left, one to an anonymous Survey. What is kept is what `submit_answer` would keep.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Contact
from nps_portal.foundation.shared_work import SharedWork, SharedWorkFailed
from nps_portal.foundation.work import Actor, ActorKind, Work
from nps_portal.journal.commands import Act, record_acts
from nps_portal.nps import category
from nps_portal.outbox.models import Message, MessageState
from nps_portal.responses.evidence import reasons_to_hold
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseRevision,
    ResponseState,
)
from nps_portal.responses.queries import LIFE_OF_A_LINK
from nps_portal.responses.revising import Answer, news_of
from nps_portal.responses.standings import refresh_standings
from nps_portal.surveys.models import Survey
from nps_portal.visits.book import INSERT as INSERT_VISITS
from nps_portal.visits.book import KNOWN, READERS, KnownRow, Slip, visit_row
from nps_portal.visits.commands import VisitFacts
from nps_portal.visits.models import Verdict, Visit, VisitKind
from nps_portal.visits.rules import LONGEST_LOOK

# Links that were opened more often than people do are looked at one by one.
MOST_VISITS = 1000


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Whose first answer was taken: its Survey, in which version."""

    survey_id: int
    version: int


@dataclass(kw_only=True)
class FirstAnswer:
    """An answer to an Invitation, with what is known of its sending."""

    public_id: str
    answer: Answer
    facts: VisitFacts
    at: datetime
    taken: Taken | None = None


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A first answer that counts at once."""

    sent: FirstAnswer
    asked: KnownRow
    visit: dict[str, Any]
    first_clicked_score: int | None


def take_first_answer(sent: FirstAnswer) -> Taken | None:
    """Take an answer if it is the first and counts at once; None when it goes the long way.

    :raises DatabaseUnavailable: it could not be written now.
    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    category(sent.answer.score)
    answers: SharedWork[FirstAnswer] = current_app.extensions.setdefault(
        "nps_first_answers", SharedWork(READERS, _write)
    )
    try:
        answers.add(sent)
    except SharedWorkFailed:
        return None
    return sent.taken


_OF_INVITATION = Message.invitation_id == Invitation.id
_LOCKED = (
    sa.select(Invitation.id)
    .where(Invitation.public_id.in_(sa.bindparam("public_ids", expanding=True)))
    .order_by(Invitation.id)
    .with_for_update(of=Invitation, key_share=True, skip_locked=True)
)
_ASKED = (
    sa.select(
        Invitation.id,
        Invitation.public_id,
        Invitation.created_at,
        Invitation.contact_id,
        Invitation.survey_id,
        Survey.version,
        Survey.delivery_seconds,
        sa.select(Message.sent_at)
        .where(_OF_INVITATION, Message.sent_at.is_not(None))
        .order_by(Message.wave.desc())
        .limit(1)
        .scalar_subquery()
        .label("sent_at"),
        *KNOWN,
    )
    .join(Survey, Survey.id == Invitation.survey_id)
    .join(Contact, Contact.id == Invitation.contact_id)
    .where(
        Invitation.public_id.in_(sa.bindparam("public_ids", expanding=True)),
        Contact.erased_at.is_(None),
        ~Survey.anonymous,
        ~sa.exists().where(Response.invitation_id == Invitation.id),
        ~sa.exists().where(_OF_INVITATION, Message.state != MessageState.SENT),
    )
)
_VISITS = (
    sa.select(*Visit.__table__.columns)
    .where(Visit.invitation_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(Visit.at, Visit.id)
    .limit(MOST_VISITS)
)
_INSERT = sa.insert(Response.__table__).returning(  # type: ignore[arg-type]  # a declared table is a Table
    Response.id, sort_by_parameter_order=True
)
_INSERT_REVISIONS = sa.insert(ResponseRevision.__table__)  # type: ignore[arg-type]  # the same


def _write(work: Work, sent: Sequence[FirstAnswer]) -> None:
    # Of two answers to one Invitation the second one finds the first when it goes the long way.
    first = {one.public_id: one for one in reversed(sent)}
    asked = _asked(work.session, list(first))
    visits = _visits(work.session, [row.id for row in asked])
    if visits is None:
        return
    found = (_plain(first[row.public_id], row, visits.get(row.id, ())) for row in asked)
    plain = [one for one in found if one is not None]
    if plain:
        _keep(work, plain)
    for one in plain:
        one.sent.taken = Taken(survey_id=one.asked.survey_id, version=one.asked.version)


def _asked(session: Session, public_ids: list[str]) -> Sequence[KnownRow]:
    """Return the Invitations that wait for a first answer; locked ones go the long way.

    They are read after the lock: what was decided under it before is seen.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        ids = connection.execute(_LOCKED, {"public_ids": public_ids}).scalars().all()
        asked = connection.execute(_ASKED, {"public_ids": public_ids}).all()
        return [row for row in asked if row.id in set(ids)]
    return connection.execute(_ASKED, {"public_ids": public_ids}).all()


def _visits(session: Session, ids: list[int]) -> Mapping[int, Sequence[Visit]] | None:
    """Return all visits of Invitations, oldest first, None when there are too many."""
    rows = session.connection().execute(_VISITS, {"ids": ids}).mappings().all() if ids else []
    if len(rows) == MOST_VISITS:
        return None
    visits = defaultdict(list)
    for row in rows:
        visits[row["invitation_id"]].append(Visit(**row))
    return visits


def _plain(sent: FirstAnswer, asked: KnownRow, visits: Sequence[Visit]) -> _Plain | None:
    """Return an answer that nothing speaks against, else None."""
    row = visit_row(Slip(invitation_id=asked.id, facts=sent.facts, at=sent.at), asked)
    visit = Visit(**row)
    since = sent.at - LONGEST_LOOK
    around = [one for one in visits if since <= one.at <= sent.at]
    if reasons_to_hold(visit, [*around, visit], asked.delivery_seconds):
        return None
    return _Plain(
        sent=sent,
        asked=asked,
        visit=row,
        first_clicked_score=_first_clicked(visits, visit),
    )


def _first_clicked(visits: Sequence[Visit], submission: Visit) -> int | None:
    """Return what `first_opened_score` returns, of visits that are at hand."""
    return next(
        (
            one.score
            for one in visits
            if one.kind is VisitKind.SURVEY_PAGE
            and one.score is not None
            and one.method != "HEAD"
            and one.verdict is not Verdict.MACHINE
            and one.user_agent == submission.user_agent
        ),
        None,
    )


def _keep(work: Work, plain: Sequence[_Plain]) -> None:
    connection = work.session.connection()
    connection.execute(INSERT_VISITS, [one.visit for one in plain])
    ids = connection.execute(_INSERT, [_response(one) for one in plain]).scalars().all()
    connection.execute(
        _INSERT_REVISIONS,
        [
            {
                "response_id": response_id,
                "at": one.sent.at,
                "score": one.sent.answer.score,
                "comment": one.sent.answer.comment,
                "actor_kind": ActorKind.CUSTOMER,
                "actor_id": one.asked.contact_id,
                "held": False,
            }
            for one, response_id in zip(plain, ids, strict=True)
        ],
    )
    acts = [_act(one, response_id) for one, response_id in zip(plain, ids, strict=True)]
    record_acts(work, "response.submitted", acts)
    refresh_standings(work, [one.asked.contact_id for one in plain])


def _response(plain: _Plain) -> dict[str, Any]:
    asked, sent = plain.asked, plain.sent
    return {
        "invitation_id": asked.id,
        "contact_id": asked.contact_id,
        "survey_id": asked.survey_id,
        "score": sent.answer.score,
        "comment": sent.answer.comment,
        "state": ResponseState.COUNTED,
        "evidence": Evidence.SUBMITTED,
        "channel": Channel.EMAIL,
        "late": sent.at - (asked.sent_at or asked.created_at) > LIFE_OF_A_LINK,
        "first_clicked_score": plain.first_clicked_score,
        "language": "",
        "marks": {},
        "said_to_be": "",
        "answered_at": sent.at,
    }


def _act(plain: _Plain, response_id: int) -> Act:
    asked, sent = plain.asked, plain.sent
    facts = news_of(
        response_id=response_id,
        survey_id=asked.survey_id,
        channel=Channel.EMAIL,
        score=sent.answer.score,
        comment=sent.answer.comment,
    )
    customer = Actor(kind=ActorKind.CUSTOMER, id=asked.contact_id)
    return Act(at=sent.at, actor=customer, contact_id=asked.contact_id, facts=facts)
