"""Judging a whole audience at once says what the gate says of each."""

import random
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.audience import EVERYBODY, Audience, SegmentAudience, member_ids
from nps_portal.batches.eligibility import may_be_asked
from nps_portal.batches.models import Batch, Invitation, Reason
from nps_portal.batches.queries import DryRun
from nps_portal.batches.reckoning import AT_ONCE, all_judged, first_judged
from nps_portal.contacts.commands import pause_contact, remove_contact
from nps_portal.contacts.models import SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Work
from nps_portal.outbox.models import JournalledSend, Message, MessageState
from nps_portal.segments import commands, queries
from nps_portal.segments.models import Segment
from nps_portal.segments.reading import parse
from nps_portal.surveys.models import Survey
from tests.support import factories
from tests.support.clock import FixedClock

PEOPLE = 150


def fill(work: Work, chance: random.Random) -> Survey:
    """Make people whom every reason keeps from being asked, and a Survey."""
    survey = factories.make_survey(work)
    batches = [factories.make_batch(work) for _ in range(3)]
    for number in range(PEOPLE):
        company = chance.choice(["", "Acme", "Acme", "Nordlys", "Small"])
        contact = factories.make_contact(work, company=company)
        act = chance.randrange(12)
        if act == 0:
            remove_contact(work, contact.id)
        elif act == 1:
            pause_contact(work, contact.id, work.now + timedelta(days=chance.randrange(-3, 4)))
        elif act == 2:
            reason = chance.choice(list(SuppressionReason))
            suppress(work, contact.email_key, reason, source="test", contact_id=contact.id)
        elif act == 3:
            ago = timedelta(days=chance.choice([0, 5, 200]))
            forgotten = JournalledSend(
                public_id=f"j{number}", contact_id=contact.id, sent_at=work.now - ago
            )
            work.session.add(forgotten)
        for batch in chance.sample(batches, chance.choice([0, 0, 0, 1, 1, 2])):
            ask(work, batch, contact.id, chance)
    work.session.flush()
    return survey


def ask(work: Work, batch: Batch, contact_id: int, chance: random.Random) -> None:
    """Let a Contact have been asked by a Batch some time ago, in any way it can end."""
    asked_at = work.now - timedelta(hours=chance.choice([1, 23, 24, 25, 100, 167, 169, 2159, 2161]))
    invitation = Invitation(
        public_id=f"i{batch.id}-{contact_id}",
        batch_id=batch.id,
        survey_id=batch.survey_id,
        contact_id=contact_id,
        created_at=asked_at - timedelta(hours=2),
    )
    work.session.add(invitation)
    work.session.flush()
    state = chance.choice([*MessageState, MessageState.SENT, MessageState.SENT])
    work.session.add(
        Message(
            public_id=f"m{batch.id}-{contact_id}",
            content_id=batch.content_id,
            contact_id=contact_id,
            invitation_id=invitation.id,
            recipient_name="",
            recipient_email="x@example.org",
            email_key="x@example.org",
            values={},
            state=state,
            due_at=asked_at,
            sent_at=asked_at if state is MessageState.SENT else None,
            created_at=asked_at,
        )
    )


def one_by_one(audience: Audience, survey: Survey, clock: FixedClock) -> DryRun:
    ids = member_ids(reading(), audience, clock.now())
    reasons = [one.reason for one in may_be_asked(reading(), ids, survey, clock.now())]
    counts = Counter(one for one in reasons if one is not None)
    return DryRun(asked=reasons.count(None), not_asked=tuple(counts.items()))


def same(one: DryRun, other: DryRun) -> bool:
    return (one.asked, dict(one.not_asked)) == (other.asked, dict(other.not_asked))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("days", "cap"), [(90, 3), (90, 0), (0, 25), (7, 1)])
def test_all_are_judged_as_each_would_be(
    app: Flask, clock: FixedClock, seed: int, days: int, cap: int
) -> None:
    chance = random.Random(seed)
    with factories.work() as work:
        factories.make_business(work)
        survey = fill(work, chance)
        survey.days_between, survey.company_weekly_cap = days, cap
        stored = {"groups": [{"conditions": [{"field": "company", "op": "is", "value": "Acme"}]}]}
        rules = parse(stored, queries.catalogue(work.session))
        segment_id = commands.add_segment(work, "Acme", rules).id
    segment = reading().get_one(Segment, segment_id)
    chosen = Audience(contact_ids=tuple(range(1, PEOPLE, 3)))

    for audience in (EVERYBODY, chosen, Audience(segment=SegmentAudience.of(segment))):
        expected = one_by_one(audience, survey, clock)
        found = all_judged(reading(), audience, survey, clock.now())
        assert expected.total
        assert same(found, expected)
        first = first_judged(reading(), audience, survey, clock.now())
        assert first.is_all
        assert same(first.dry, expected)


def test_of_more_than_a_page_judges_the_first_are_told_apart(app: Flask, clock: FixedClock) -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        ids = factories.make_crowd(work, AT_ONCE + 5)
        for contact_id in ids[:3]:
            pause_contact(work, contact_id, work.now + timedelta(days=1))

    first = first_judged(reading(), EVERYBODY, survey, clock.now())
    whole = all_judged(reading(), EVERYBODY, survey, clock.now())

    assert not first.is_all
    assert (first.dry.asked, dict(first.dry.not_asked)) == (AT_ONCE - 3, {Reason.PAUSED: 3})
    assert (whole.asked, dict(whole.not_asked)) == (AT_ONCE + 2, {Reason.PAUSED: 3})
    assert reading().scalar(sa.select(sa.func.count(Invitation.id))) == 0
