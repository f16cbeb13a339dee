"""Sends to a segment: who is asked is decided once, whatever changes afterwards."""

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.batches.audience import Audience, SegmentAudience
from nps_portal.batches.commands import BatchPlan, cancel_batch, schedule_batch, start_due_batches
from nps_portal.batches.models import Batch, BatchMember, Exclusion, Invitation
from nps_portal.batches.queries import progress
from nps_portal.contacts.commands import remove_contact
from nps_portal.contacts.companies import ensure_companies
from nps_portal.contacts.models import Contact, SuppressionReason
from nps_portal.contacts.suppressions import suppress
from nps_portal.foundation.database import reading
from nps_portal.segments import commands, queries
from nps_portal.segments.reading import parse
from tests.batches.conftest import plan_all, plan_once, the_batch
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

_numbers = count(1)
NEVER_ASKED = {"match": "all", "groups": [{"conditions": [{"field": "last_asked", "op": "empty"}]}]}


def acme(op: str = "is") -> dict[str, Any]:
    condition = {"field": "company", "op": op, "value": "Acme"}
    return {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}


def people(number: int, company: str = "Acme") -> list[int]:
    """Add people of a company; a send decides for five hundred at a time."""
    with factories.work() as work:
        company_id = ensure_companies(work, [company])[company.casefold()]
        new = [f"customer{next(_numbers)}@example.org" for _ in range(number)]
        rows = [
            {
                "email": address,
                "email_key": address,
                "company_id": company_id,
                "created_at": work.now,
                "changed_at": work.now,
            }
            for address in new
        ]
        work.session.execute(sa.insert(Contact), rows)
        found = sa.select(Contact.id).where(Contact.email_key.in_(new)).order_by(Contact.id)
        return list(work.session.scalars(found))


def save(stored: Mapping[str, Any], name: str = "Some people") -> int:
    with factories.work() as work:
        rules = parse(stored, queries.catalogue(work.session))
        return commands.add_segment(work, name, rules).id


def schedule(segment_id: int) -> Batch:
    with factories.work() as work:
        segment = queries.segment_by_id(work.session, segment_id)
        assert segment is not None
        meant = Audience(segment=SegmentAudience.of(segment))
        survey = factories.make_survey(work)
        survey.company_weekly_cap = 0
        return schedule_batch(work, BatchPlan(survey_id=survey.id, audience=meant, name="March"))


def start() -> None:
    with factories.work() as work:
        start_due_batches(work)


def invited() -> list[int]:
    with factories.work() as work:
        return list(work.session.scalars(sa.select(Invitation.contact_id).order_by(Invitation.id)))


def excluded() -> Sequence[int]:
    with factories.work() as work:
        return work.session.scalars(sa.select(Exclusion.contact_id)).all()


def waiting() -> int:
    with factories.work() as work:
        return work.session.scalar(sa.select(sa.func.count()).select_from(BatchMember)) or 0


def test_only_the_people_of_the_segment_are_asked(business: Flask) -> None:
    wanted, _ = people(3), people(2, "Other")
    schedule(save(acme()))

    plan_all()

    assert invited() == wanted
    assert waiting() == 0
    assert the_batch().planned_at is not None


def test_being_asked_takes_nobody_out_of_a_segment_of_those_never_asked(business: Flask) -> None:
    wanted = people(1_100)
    schedule(save(NEVER_ASKED))

    plan_all()

    assert invited() == wanted


def test_whoever_comes_in_or_falls_out_meanwhile_changes_nothing(business: Flask) -> None:
    wanted, others = people(1_100), people(1, "Other")
    segment_id = save(acme())
    schedule(segment_id)
    start()
    plan_once()

    with factories.work() as work:
        for contact_id in wanted[1_000:]:
            work.session.get_one(Contact, contact_id).company_id = None
        commands.change_rules(
            work, segment_id, parse(acme("is_not"), queries.catalogue(work.session))
        )
        remove_contact(work, wanted[-1])
    people(2)
    plan_all()

    assert invited() == wanted[:-1]
    assert excluded() == [wanted[-1]]
    assert others[0] not in invited()


def test_the_progress_counts_everybody_once_at_every_moment(
    business: Flask, clock: FixedClock
) -> None:
    people(1_100)
    batch = schedule(save(acme()))

    sizes = []
    for step in (start, plan_once, plan_once, plan_once, plan_once):
        with factories.work() as work:
            stands = progress(work.session, work.session.get_one(Batch, batch.id), clock.now())
            sizes.append((stands.invited, stands.undecided))
        step()

    assert sizes == [(0, 1_100), (0, 1_100), (500, 600), (1_000, 100), (1_100, 0)]
    assert the_batch().planned_at is not None


def test_a_scheduled_send_keeps_its_rules_when_the_segment_is_changed_or_deleted(
    business: Flask,
) -> None:
    wanted, _ = people(2), people(3, "Other")
    segment_id = save(acme())
    schedule(segment_id)

    with factories.work() as work:
        commands.change_rules(
            work, segment_id, parse(acme("is_not"), queries.catalogue(work.session))
        )
        commands.delete_segment(work, segment_id)
    plan_all()

    assert invited() == wanted


def test_whoever_fits_only_when_the_send_begins_is_asked(business: Flask) -> None:
    schedule(save(acme()))
    wanted = people(1)

    plan_all()

    assert invited() == wanted


def test_a_send_whose_rules_were_lost_asks_nobody_and_stops_no_other(business: Flask) -> None:
    wanted = people(2)
    lost = save(acme(), "Lost")
    batch = schedule(lost)
    with factories.work() as work:
        stored = dict(work.session.get_one(Batch, batch.id).audience)
        condition = {"field": "property:99", "op": "is_not", "value": "x"}
        stored["rules"] = {
            "match": "all",
            "groups": [{"match": "all", "conditions": [condition]}],
        }
        work.session.get_one(Batch, batch.id).audience = stored
    schedule(save(acme(), "Found"))

    plan_all()

    assert invited() == wanted


def test_a_cancelled_send_forgets_whom_it_was_meant_for(business: Flask) -> None:
    people(3)
    batch = schedule(save(acme()))
    start()
    assert waiting() == 3

    with factories.work() as work:
        cancel_batch(work, batch.id)

    assert waiting() == 0


def test_the_send_page_offers_segments_and_says_who_gets_it_and_why_not(
    owner: PortalClient,
) -> None:
    ids = people(3)
    people(2, "Other")
    segment_id = save(acme())
    with factories.work() as work:
        email_key = work.session.get_one(Contact, ids[0]).email_key
        reason = SuppressionReason.UNSUBSCRIBED
        suppress(work, email_key, reason, source="test", contact_id=ids[0])

    page = owner.get(f"/batches/new?segment_id={segment_id}").text

    assert "Some people" in page
    assert "Company is Acme" in page
    assert "has unsubscribed" in page
    assert "Send to 2 people" in page


def test_a_send_to_a_segment_is_made_on_the_page_and_named_by_it(owner: PortalClient) -> None:
    people(1)
    segment_id = save(acme())
    survey_id = the_survey()

    answer = owner.post_form("/batches", {"survey_id": survey_id, "segment_id": segment_id})
    page = owner.get(answer.location).text

    assert the_batch().audience["kind"] == "segment"
    assert the_batch().audience["name"] == "Some people"
    assert "segment Some people" in page
    assert "a later change or its deletion does not reach this send" in page
    assert "segment Some people" in owner.get("/batches").text


@pytest.mark.parametrize("query", ["segment_id=99", "segment_id=x", "segment_id=-1"])
def test_a_segment_that_is_not_there_never_becomes_everybody(
    owner: PortalClient, query: str
) -> None:
    people(1)
    save(acme())

    page = owner.get(f"/batches/new?{query}").text
    answer = owner.post_form(
        "/batches", {"survey_id": the_survey(), "segment_id": query.partition("=")[2]}
    )

    assert "Mend the fault above first." in page
    assert answer.status_code == 422
    assert reading().scalar(sa.select(sa.func.count()).select_from(Batch)) == 0


def test_contacts_and_a_segment_at_once_are_refused(owner: PortalClient) -> None:
    ids, segment_id = people(1), save(acme())
    form = {"survey_id": the_survey(), "segment_id": segment_id, "contact_ids": str(ids[0])}

    answer = owner.post_form("/batches", form)

    assert answer.status_code == 422
    assert "not both" in answer.text


def test_an_empty_segment_is_a_stop(owner: PortalClient) -> None:
    people(1, "Other")
    segment_id = save(acme())

    assert (
        "Nobody is in this segment now." in owner.get(f"/batches/new?segment_id={segment_id}").text
    )


def the_survey() -> int:
    with factories.work() as work:
        return factories.make_survey(work).id
