"""Reading responses: the inbox, one response with its history."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.contacts.models import Company, Contact
from nps_portal.foundation.paging import Place, place_of
from nps_portal.nps import SCORES, Category, category
from nps_portal.outbox.queries import sent_at
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseRevision,
    ResponseState,
)

LIFE_OF_A_LINK = timedelta(days=90)
PAGE_SIZE = 30


class Standing(enum.Enum):
    """What an inbox can be asked for: counted is all in the score, answered only what was sent.

    Clicked are scores that a person chose and did not send, in the score or beside it; a held
    change waits beside an answer that stands.
    """

    COUNTED = "counted"
    ANSWERED = "answered"
    CLICKED = "clicked"
    HELD = "held"
    HELD_CHANGE = "held_change"
    EXCLUDED = "excluded"


@dataclass(frozen=True, kw_only=True)
class ResponseFilter:
    """What the inbox shows; None and empty text filter nothing. The instants are half-open.

    `latest_of_each_person` leaves the answers that a score over the same time is made of.
    """

    category: Category | None = None
    score: int | None = None
    state: Standing | None = None
    survey_id: int | None = None
    channel: Channel | None = None
    with_comment: bool = False
    latest_of_each_person: bool = False
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class ResponsePage:
    """One page of the inbox, newest first, and its place among all that the filter finds."""

    responses: Sequence[Response]
    place: Place


def response_page(session: Session, wanted: ResponseFilter) -> ResponsePage:
    """Return a page of the inbox."""
    query = filtered(wanted)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    place = place_of(wanted.page, size=PAGE_SIZE, total=total)
    rows = session.scalars(
        query.order_by(Response.answered_at.desc(), Response.id.desc())
        .limit(place.size)
        .offset(place.offset)
    ).all()
    return ResponsePage(responses=rows, place=place)


def response_by_id(session: Session, response_id: int) -> Response | None:
    """Return a Response."""
    return session.get(Response, response_id)


def response_of_invitation(session: Session, invitation_id: int) -> Response | None:
    """Return the answer to an Invitation, None while there is none."""
    return session.scalar(sa.select(Response).where(Response.invitation_id == invitation_id))


def is_late(session: Session, invitation: Invitation, now: datetime) -> bool:
    """Tell whether an Invitation's link has outlived its time; an answer is taken all the same."""
    asked_at = sent_at(session, invitation.id) or invitation.created_at
    return now - asked_at > LIFE_OF_A_LINK


def has_answered() -> sa.ColumnElement[bool]:
    """Return the condition that somebody has answered: sent it, and nobody doubts that.

    What was taken out of the score was answered all the same, unless as a machine's.
    """
    by_hand = sa.and_(
        Response.state == ResponseState.EXCLUDED,
        Response.marks["rejected"].as_boolean().is_not(True),
    )
    return sa.and_(
        Response.evidence == Evidence.SUBMITTED,
        sa.or_(Response.state == ResponseState.COUNTED, by_hand),
    )


def has_sent() -> sa.ColumnElement[bool]:
    """Return the condition that somebody has answered an Invitation to an anonymous Survey."""
    return Invitation.answered_anonymously.is_(sa.true())


def stands(standing: Standing) -> sa.ColumnElement[bool]:
    """Return the condition that a Response is what an inbox can be asked for."""
    if standing is Standing.ANSWERED:
        return sa.and_(
            Response.state == ResponseState.COUNTED, Response.evidence == Evidence.SUBMITTED
        )
    if standing is Standing.CLICKED:
        states = [ResponseState.CLICKED, ResponseState.COUNTED]
        clicked = Response.evidence == Evidence.CONFIRMED_CLICK
        return sa.and_(Response.state.in_(states), clicked)
    if standing is Standing.HELD_CHANGE:
        has_change = Response.marks["held_revision"].as_boolean().is_(True)
        return sa.and_(Response.state != ResponseState.HELD, has_change)
    return Response.state == ResponseState(standing.value)


def latest_responses(session: Session, limit: int) -> Sequence[Response]:
    """Return the newest answers in whatever state; clicks that were not sent are none."""
    return session.scalars(
        sa.select(Response)
        .where(Response.evidence == Evidence.SUBMITTED)
        .order_by(Response.answered_at.desc(), Response.id.desc())
        .limit(limit)
    ).all()


def revisions(session: Session, response_id: int) -> Sequence[ResponseRevision]:
    """Return what a Response has said, oldest first."""
    return session.scalars(
        sa.select(ResponseRevision)
        .where(ResponseRevision.response_id == response_id)
        .order_by(ResponseRevision.id)
    ).all()


def answered_by_batch(session: Session, batch_ids: Sequence[int]) -> dict[int, int]:
    """Return how many people answered each of these batches; one whom nobody answered is absent.

    A click that was not sent is no answer, nor is what waits for a look.
    """
    answer = sa.and_(Response.invitation_id == Invitation.id, has_answered())
    found = session.execute(
        sa.select(Invitation.batch_id, sa.func.count(Invitation.id))
        .outerjoin(Response, answer)
        .where(Invitation.batch_id.in_(batch_ids), sa.or_(Response.id.is_not(None), has_sent()))
        .group_by(Invitation.batch_id)
    )
    return dict(found.all())


def responses_of_contact(session: Session, contact_id: int, limit: int = 50) -> Sequence[Response]:
    """Return a Contact's responses, newest first; clicks are among them."""
    return session.scalars(
        sa.select(Response)
        .where(Response.contact_id == contact_id)
        .order_by(Response.answered_at.desc(), Response.id.desc())
        .limit(limit)
    ).all()


def held_count(session: Session) -> int:
    """Return how many responses wait for a look."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Response)
            .where(Response.state == ResponseState.HELD)
        )
        or 0
    )


def filtered(wanted: ResponseFilter) -> sa.Select[Response]:
    """Return the query of all that a filter finds, of whatever page and in no order."""
    query = sa.select(Response)
    if wanted.category is not None:
        scores = [score for score in SCORES if category(score) is wanted.category]
        query = query.where(Response.score.in_(scores))
    if wanted.score is not None:
        query = query.where(Response.score == wanted.score)
    if wanted.state is not None:
        query = query.where(stands(wanted.state))
    if wanted.survey_id is not None:
        query = query.where(Response.survey_id == wanted.survey_id)
    if wanted.channel is not None:
        query = query.where(Response.channel == wanted.channel)
    if wanted.with_comment:
        query = query.where(Response.comment != "")
    if wanted.since is not None:
        query = query.where(Response.answered_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Response.answered_at < wanted.until)
    if wanted.latest_of_each_person:
        query = query.where(~_answered_again(wanted))
    for word in wanted.text.split()[:8]:
        query = query.where(_mentions(word))
    return query


def _answered_again(wanted: ResponseFilter) -> sa.ColumnElement[bool]:
    """Return the condition that the same person gave a later counted answer in the same time.

    Of clicks alone, another answer hides one whenever it was sent.
    """
    later = orm.aliased(Response)
    is_later = sa.or_(
        later.answered_at > Response.answered_at,
        sa.and_(later.answered_at == Response.answered_at, later.id > Response.id),
    )
    is_counted = later.state == ResponseState.COUNTED
    was_sent = later.evidence == Evidence.SUBMITTED
    hides = sa.and_(is_counted, is_later)
    if wanted.state is Standing.ANSWERED:
        hides = sa.and_(is_counted, was_sent, is_later)
    elif wanted.state is Standing.CLICKED:
        is_click = sa.and_(
            later.state.in_([ResponseState.CLICKED, ResponseState.COUNTED]), ~was_sent
        )
        hides = sa.or_(sa.and_(is_counted, was_sent), sa.and_(is_click, is_later))
    query = sa.select(later.id).where(later.contact_id == Response.contact_id).where(hides)
    if wanted.since is not None:
        query = query.where(later.answered_at >= wanted.since)
    if wanted.survey_id is not None:
        query = query.where(later.survey_id == wanted.survey_id)
    if wanted.channel is not None:
        query = query.where(later.channel == wanted.channel)
    if wanted.until is not None:
        query = query.where(later.answered_at < wanted.until)
    return query.exists()


def _mentions(word: str) -> sa.ColumnElement[bool]:
    """Return the condition that a word is in the comment, or in who gave it."""
    person = sa.or_(
        Contact.name.icontains(word, autoescape=True),
        Contact.email.icontains(word, autoescape=True),
        Contact.company.has(Company.name.icontains(word, autoescape=True)),
    )
    return sa.or_(Response.comment.icontains(word, autoescape=True), Response.contact.has(person))
