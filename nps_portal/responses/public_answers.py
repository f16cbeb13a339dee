"""Answers at the doors without an Invitation: the public link, the kiosk, the pop-up, the phone."""

import hashlib
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from nps_portal.foundation.database import lock_for_transaction
from nps_portal.foundation.tokens import new_public_id, unread_key
from nps_portal.foundation.work import Work
from nps_portal.nps import category
from nps_portal.responses.anonymous import without_trace
from nps_portal.responses.evidence import (
    MOST_ANSWERS_AN_HOUR,
    PublicFacts,
    reasons_to_hold_public,
)
from nps_portal.responses.models import (
    Channel,
    Evidence,
    Response,
    ResponseRevision,
    ResponseState,
)
from nps_portal.responses.revising import Answer, add_revision, announce
from nps_portal.surveys.models import Survey
from nps_portal.visits.rules import Rule

KEY_LENGTH = 64
HOUR = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=8)
# The public link and the pop-up are open to everybody and share one limit.
OPEN_DOORS = (Channel.LINK, Channel.WIDGET)


def take_public_answer(
    work: Work, survey_id: int, answer: Answer, channel: Channel, *, key: str, facts: PublicFacts
) -> Response:
    """Take an answer that nobody was invited to; the same key twice gives the same Response.

    For an anonymous Survey nothing is kept of whoever sent it.

    :raises NotAScore: the score is not a whole number from 0 to 10.
    """
    category(answer.score)
    survey = work.session.get_one(Survey, survey_id)
    stored_key = unread_key(key) if survey.anonymous else _stored(key)
    # A retry may come while the first try is still being written.
    lock_for_transaction(work.session, f"answer {stored_key}")
    former = work.session.scalar(sa.select(Response).where(Response.submission_key == stored_key))
    if former is not None:
        return former
    rules = reasons_to_hold_public(channel, facts, _within_the_hour(work, channel, facts.network))
    if survey.anonymous:
        work, facts = without_trace(work, facts.answered_at), PublicFacts()
    response = Response(
        contact_id=facts.contact_id,
        survey_id=survey.id,
        score=answer.score,
        comment=answer.comment,
        state=ResponseState.HELD if rules else ResponseState.COUNTED,
        evidence=Evidence.SUBMITTED,
        channel=channel,
        public_id=new_public_id(),
        submission_key=stored_key,
        language=facts.language,
        said_to_be=facts.said_to_be,
        marks=_marks(channel, facts.network, rules),
        answered_at=facts.answered_at or work.now,
    )
    work.session.add(response)
    add_revision(work, response, answer, held=bool(rules))
    announce(work, "response.held" if rules else "response.submitted", response)
    return response


def _marks(channel: Channel, network: str, rules: Collection[Rule]) -> dict[str, Any]:
    if channel is Channel.PHONE:
        return {}
    return {"network": network, "rules": sorted(rule.value for rule in rules)}


def _within_the_hour(work: Work, channel: Channel, network: str) -> int:
    """Return how many answers came from a network within an hour, as far as that matters.

    What a kiosk kept while it was offline tells when it was given; it counts when it came.
    """
    most = MOST_ANSWERS_AN_HOUR.get(channel)
    if most is None or not network:
        return 0
    doors = OPEN_DOORS if channel in OPEN_DOORS else (channel,)
    since = work.now - HOUR
    found = (
        sa.select(Response.id)
        .join(ResponseRevision, ResponseRevision.response_id == Response.id)
        .where(Response.channel.in_(doors), ResponseRevision.at > since)
        .where(Response.answered_at > (since if doors == OPEN_DOORS else since - LONGEST_WAIT))
        .where(Response.marks["network"].as_string() == network)
        .distinct()
        .limit(most)
    )
    return work.session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0


def _stored(key: str) -> str:
    """Return a key that fits its column."""
    return key if len(key) <= KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()
