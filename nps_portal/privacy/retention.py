"""Keeping nothing for longer than it is needed: what the owner has set, and what always holds."""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nps_portal.accounts.portal_settings import PortalSettings, portal_settings
from nps_portal.contacts.models import Contact
from nps_portal.foundation.work import Work
from nps_portal.privacy.answer_erasure import erase_answers
from nps_portal.privacy.commands import expire_contact
from nps_portal.privacy.tracing import forget_old_looks
from nps_portal.responses.models import Channel, Response
from nps_portal.visits.models import Visit

# Bursts are told apart within hours; a month leaves time to look at what was held.
NETWORKS_KEPT_FOR = timedelta(days=30)
VISITS_AT_A_TIME = 1000
PEOPLE_AT_A_TIME = 5
ANSWERS_AT_A_TIME = 100
DAYS_IN_A_MONTH = 30.4375
DOORS = (Channel.LINK, Channel.WIDGET, Channel.KIOSK)


def keep_to_retention(work: Work) -> int:
    """Let go of a little of what is kept for too long, and return of how many things."""
    settings = portal_settings(work.session)
    rules: tuple[Callable[[Work, PortalSettings], int], ...] = (
        _drop_networks,
        _drop_networks_of_answers,
        _expire_people,
        _forget_comments,
    )
    done = sum(rule(work, settings) for rule in rules)
    return done + forget_old_looks(work)


def people_to_expire(session: Session, months: int, now: datetime) -> int:
    """Return how many contacts have been silent for so many months."""
    query = sa.select(sa.func.count(Contact.id)).where(*_silent_since(months_before(now, months)))
    return session.scalar(query) or 0


def comments_to_forget(session: Session, months: int, now: datetime) -> int:
    """Return how many answers with a comment are older than so many months."""
    query = sa.select(sa.func.count(Response.id)).where(
        *_commented_before(months_before(now, months))
    )
    return session.scalar(query) or 0


def months_before(now: datetime, months: int) -> datetime:
    """Return the instant so many months ago, a month being a twelfth of 365.25 days."""
    return now - timedelta(days=months * DAYS_IN_A_MONTH)


def _drop_networks(work: Work, settings: PortalSettings) -> int:
    """Forget from which network, and with which program, links were opened a month ago."""
    old = (
        sa.select(Visit.id)
        .where(Visit.network != "", Visit.at < work.now - NETWORKS_KEPT_FOR)
        .limit(VISITS_AT_A_TIME)
    )
    ids = work.session.scalars(old).all()
    if ids:
        work.session.execute(
            sa.update(Visit)
            .where(Visit.id.in_(ids))
            .values(network="", user_agent="")
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def _drop_networks_of_answers(work: Work, settings: PortalSettings) -> int:
    """Forget from which network answers without an Invitation came a month ago."""
    old = (
        sa.select(Response)
        .where(Response.answered_at < work.now - NETWORKS_KEPT_FOR)
        .where(Response.invitation_id.is_(None), Response.channel.in_(DOORS))
        .where(Response.marks["network"].as_string() > "")
        .order_by(Response.id)
        .limit(ANSWERS_AT_A_TIME)
        .with_for_update(of=Response)
    )
    responses = work.session.scalars(old).all()
    for response in responses:
        response.marks = {**response.marks, "network": ""}
    return len(responses)


def _expire_people(work: Work, settings: PortalSettings) -> int:
    if not settings.expire_after_months:
        return 0
    since = months_before(work.now, settings.expire_after_months)
    ids = work.session.scalars(
        sa.select(Contact.id)
        .where(*_silent_since(since))
        .order_by(Contact.id)
        .limit(PEOPLE_AT_A_TIME)
    ).all()
    for contact_id in ids:
        expire_contact(work, contact_id)
    return len(ids)


def _forget_comments(work: Work, settings: PortalSettings) -> int:
    if not settings.forget_comments_after_months:
        return 0
    before = months_before(work.now, settings.forget_comments_after_months)
    ids = work.session.scalars(
        sa.select(Response.id).where(*_commented_before(before)).limit(ANSWERS_AT_A_TIME)
    ).all()
    if ids:
        erase_answers(work, Response.id.in_(ids))
    return len(ids)


def _silent_since(since: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions that nobody has asked or heard somebody since an instant."""
    return (
        Contact.created_at < since,
        Contact.changed_at < since,
        sa.or_(Contact.last_asked_at.is_(None), Contact.last_asked_at < since),
        sa.or_(Contact.last_answered_at.is_(None), Contact.last_answered_at < since),
        Contact.erased_at.is_(None),
        # An alias goes with the Contact that it stands for.
        Contact.merged_into_id.is_(None),
    )


def _commented_before(before: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Response.answered_at < before,
        sa.or_(Response.changed_at.is_(None), Response.changed_at < before),
        Response.comment != "",
    )
