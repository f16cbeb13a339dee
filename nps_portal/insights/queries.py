"""Reading what the answers add up to: counts by score over a window of time.

A person who answered several times within the window counts once, with the latest answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.nps import SCORES, CategoryCounts
from nps_portal.outbox.models import EmailContent, Message, MessageKind, MessageState
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from nps_portal.responses.queries import Standing, has_answered, has_sent, stands
from nps_portal.surveys.models import CountingMode, Survey

# A part with fewer answers than this tells more of single people than of the business.
SMALLEST_PART = 5


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is counted: a half-open span of time (None is without end), and maybe only a part.

    `evidence` leaves what was sent, or what was only clicked. `people` is a query of the ids of
    contacts, outside which nobody counts.
    """

    since: datetime | None = None
    until: datetime | None = None
    survey_id: int | None = None
    channel: Channel | None = None
    evidence: Evidence | None = None
    people: sa.Select[int] | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class ResponseRate:
    """To how many people a survey has left, and how many of these have answered it."""

    asked: int
    answered: int

    @property
    def share(self) -> float | None:
        """Return the share of answers, 0…1, or None when nobody was asked."""
        return self.answered / self.asked if self.asked else None


def distribution(session: Session, window: Window) -> list[int]:
    """Return how many people gave each score: eleven counts, place k for score k."""
    latest = _latest(window).subquery()
    rows = session.execute(
        sa.select(latest.c.score, sa.func.count())
        .where(latest.c.place == 1)
        .group_by(latest.c.score)
    )
    counts: dict[int, int] = dict(rows.all())
    return [counts.get(score, 0) for score in SCORES]


def counts_of(session: Session, window: Window) -> CategoryCounts:
    """Return how many people are in each category."""
    return CategoryCounts.of_distribution(distribution(session, window))


def distributions_between(
    session: Session, boundaries: Sequence[datetime], window: Window | None = None
) -> list[list[int]]:
    """Return the distribution of each period between two neighbouring instants, in one query.

    A person counts once in each period. Of the window, the part counts and not the time.
    """
    period = sa.case(
        *[(Response.answered_at < later, number) for number, later in enumerate(boundaries[1:])],
        else_=len(boundaries) - 1,
    )
    whole = replace(window or Window(), since=boundaries[0], until=boundaries[-1])
    found = _distributions(session, whole, period)
    return [found.get(number, [0] * len(SCORES)) for number in range(len(boundaries) - 1)]


def distributions_by_channel(session: Session, window: Window) -> dict[Channel, list[int]]:
    """Return the distribution of each channel that has one; a person counts once in each."""
    return _distributions(session, window, Response.channel)


def channels_in_use(session: Session) -> list[Channel]:
    """Return the channels by which answers have come, in their usual order."""
    # One look into the index for each, which does not grow with the answers.
    there = [
        sa.select(Response.id).where(Response.channel == channel).exists() for channel in Channel
    ]
    found = session.execute(sa.select(*there)).one()
    return [channel for channel, is_there in zip(Channel, found, strict=True) if is_there]


def counts_clicks(session: Session) -> bool:
    """Tell whether any Survey has scores in the score that a person chose and did not send."""
    seen = sa.select(Survey.id).where(Survey.counting == CountingMode.SEEN)
    return bool(session.scalar(sa.select(seen.exists())))


def clicked_count(session: Session, window: Window) -> int:
    """Return how many people chose a score within the window and sent none in it."""
    sent = orm.aliased(Response)
    has_sent = (
        sa.select(sent.id)
        .where(sent.contact_id == Response.contact_id)
        .where(sent.state == ResponseState.COUNTED, sent.evidence == Evidence.SUBMITTED)
        .where(*conditions_of(window, sent))
    )
    # Where no click counts, the index finds them among all the rest.
    clicked = (
        stands(Standing.CLICKED)
        if counts_clicks(session)
        else Response.state == ResponseState.CLICKED
    )
    query = sa.select(sa.func.count(person_of(Response).distinct())).where(
        clicked, ~has_sent.exists()
    )
    return session.scalar(query.where(*conditions_of(window))) or 0


def response_rate(session: Session, window: Window) -> ResponseRate:
    """Return how many were asked within the window, and how many of them have answered since.

    Only emails ask, so that any other channel has asked nobody.
    """
    if window.channel not in (None, Channel.EMAIL):
        return ResponseRate(asked=0, answered=0)
    answer = sa.and_(Response.invitation_id == Invitation.id, has_answered())
    has_answer = sa.case((sa.or_(Response.id.is_not(None), has_sent()), Invitation.id))
    query = (
        sa.select(sa.func.count(Message.id), sa.func.count(has_answer))
        .join(EmailContent, EmailContent.id == Message.content_id)
        .join(Invitation, Invitation.id == Message.invitation_id)
        .outerjoin(Response, answer)
        .where(EmailContent.kind == MessageKind.INVITATION)
        .where(Message.state.in_([MessageState.SENT, MessageState.UNCERTAIN]))
    )
    if window.since is not None:
        query = query.where(Message.committed_at >= window.since)
    if window.until is not None:
        query = query.where(Message.committed_at < window.until)
    if window.survey_id is not None:
        query = query.where(Invitation.survey_id == window.survey_id)
    if window.people is not None:
        # A rate of chosen people would tell which of them has answered without a name.
        anonymous = sa.select(Survey.id).where(Survey.anonymous)
        query = query.where(
            Invitation.contact_id.in_(window.people), Invitation.survey_id.not_in(anonymous)
        )
    asked, answered = session.execute(query).one()
    return ResponseRate(asked=asked, answered=answered)


def person_of(response: type[Response]) -> sa.ColumnElement[int]:
    """Return who answered; an answer without a Contact is a person of its own."""
    return sa.func.coalesce(response.contact_id, -response.id)


def conditions_of(
    window: Window, response: type[Response] = Response
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a Response is of a window."""
    found: list[sa.ColumnElement[bool]] = []
    if window.since is not None:
        found.append(response.answered_at >= window.since)
    if window.until is not None:
        found.append(response.answered_at < window.until)
    if window.survey_id is not None:
        found.append(response.survey_id == window.survey_id)
    if window.channel is not None:
        found.append(response.channel == window.channel)
    if window.evidence is not None:
        found.append(response.evidence == window.evidence)
    if window.people is not None:
        found.append(response.contact_id.in_(window.people))
    return found


def _distributions(
    session: Session, window: Window, part: sa.ColumnElement[Any] | orm.InstrumentedAttribute[Any]
) -> dict[Any, list[int]]:
    """Return the distribution of each part that has answers."""
    latest = _latest(window, part).subquery()
    rows = session.execute(
        sa.select(latest.c.part, latest.c.score, sa.func.count())
        .where(latest.c.place == 1)
        .group_by(latest.c.part, latest.c.score)
    )
    found: dict[Any, list[int]] = {}
    for which, score, count in rows:
        found.setdefault(which, [0] * len(SCORES))[score] = count
    return found


def _latest(
    window: Window,
    part: sa.ColumnElement[Any] | orm.InstrumentedAttribute[Any] | None = None,
) -> sa.Select[Any]:
    """Return the query of counted scores, numbered from each person's latest in a part."""
    part = sa.literal(0) if part is None else part
    return sa.select(
        Response.score,
        part.label("part"),
        sa.func.row_number()
        .over(
            partition_by=[person_of(Response), part],
            order_by=[Response.answered_at.desc(), Response.id.desc()],
        )
        .label("place"),
    ).where(Response.state == ResponseState.COUNTED, *conditions_of(window))
