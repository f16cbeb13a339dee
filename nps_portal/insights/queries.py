"""Reading what the answers add up to: counts by score over a window of time.

A person who answered several times within the window counts once, with the latest answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.batches.models import Invitation
from nps_portal.nps import SCORES, CategoryCounts
from nps_portal.outbox.models import EmailContent, Message, MessageKind, MessageState
from nps_portal.responses.models import Response, ResponseState


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is counted: a half-open span of time (None is without end), and maybe one Survey."""

    since: datetime | None = None
    until: datetime | None = None
    survey_id: int | None = None


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
    session: Session, boundaries: Sequence[datetime], survey_id: int | None = None
) -> list[list[int]]:
    """Return the distribution of each period between two neighbouring instants, in one query.

    A person counts once in each period.
    """
    period = sa.case(
        *[(Response.answered_at < later, number) for number, later in enumerate(boundaries[1:])],
        else_=len(boundaries) - 1,
    )
    window = Window(since=boundaries[0], until=boundaries[-1], survey_id=survey_id)
    latest = _latest(window, period).subquery()
    rows = session.execute(
        sa.select(latest.c.period, latest.c.score, sa.func.count())
        .where(latest.c.place == 1)
        .group_by(latest.c.period, latest.c.score)
    )
    found = [[0] * len(SCORES) for _ in boundaries[1:]]
    for number, score, count in rows:
        found[number][score] = count
    return found


def response_rate(session: Session, window: Window) -> ResponseRate:
    """Return how many were asked within the window, and how many of them have answered since."""
    query = (
        sa.select(sa.func.count(Message.id), sa.func.count(Response.id))
        .join(EmailContent, EmailContent.id == Message.content_id)
        .join(Invitation, Invitation.id == Message.invitation_id)
        .outerjoin(Response, Response.invitation_id == Invitation.id)
        .where(EmailContent.kind == MessageKind.INVITATION)
        .where(Message.state.in_([MessageState.SENT, MessageState.UNCERTAIN]))
    )
    if window.since is not None:
        query = query.where(Message.committed_at >= window.since)
    if window.until is not None:
        query = query.where(Message.committed_at < window.until)
    if window.survey_id is not None:
        query = query.where(Invitation.survey_id == window.survey_id)
    asked, answered = session.execute(query).one()
    return ResponseRate(asked=asked, answered=answered)


def _latest(
    window: Window, period: sa.ColumnElement[int] | None = None
) -> sa.Select[tuple[int, int, int]]:
    """Return the query of counted scores, numbered from each person's latest backwards."""
    period = sa.literal(0) if period is None else period
    # An answer without a Contact is a person of its own.
    person = sa.func.coalesce(Response.contact_id, -Response.id)
    query = sa.select(
        Response.score,
        period.label("period"),
        sa.func.row_number()
        .over(
            partition_by=[person, period],
            order_by=[Response.answered_at.desc(), Response.id.desc()],
        )
        .label("place"),
    ).where(Response.state == ResponseState.COUNTED)
    if window.since is not None:
        query = query.where(Response.answered_at >= window.since)
    if window.until is not None:
        query = query.where(Response.answered_at < window.until)
    if window.survey_id is not None:
        query = query.where(Response.survey_id == window.survey_id)
    return query
