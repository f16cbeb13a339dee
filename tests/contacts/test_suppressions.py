"""Suppressions that are lifted again, those that stay, and their history."""

import pytest
from flask import Flask

from nps_portal.contacts.models import Suppression, SuppressionReason
from nps_portal.contacts.queries import suppression_history, suppression_of
from nps_portal.contacts.suppressions import (
    SuppressionStays,
    lift_suppression,
    suppress,
    suppress_all,
)
from nps_portal.foundation.database import reading
from tests.support import factories

ADA = "ada@example.org"
HARD_BOUNCE = SuppressionReason.HARD_BOUNCE
UNSUBSCRIBED = SuppressionReason.UNSUBSCRIBED


def now() -> Suppression | None:
    reading().rollback()
    return suppression_of(reading(), ADA)


@pytest.mark.parametrize("reason", [HARD_BOUNCE, SuppressionReason.BLOCKED_BY_HAND])
def test_a_suppression_that_no_person_asked_for_can_be_lifted(
    app: Flask, reason: SuppressionReason
) -> None:
    with factories.work() as work:
        suppress(work, ADA, reason, source="inbox", contact_id=None)

    with factories.work() as work:
        first = lift_suppression(work, ADA, contact_id=None)
        again = lift_suppression(work, ADA, contact_id=None)

    assert (first, again) == (True, False)
    assert now() is None


@pytest.mark.parametrize(
    "reason", [UNSUBSCRIBED, SuppressionReason.COMPLAINT, SuppressionReason.ERASED]
)
def test_a_persons_word_stays(app: Flask, reason: SuppressionReason) -> None:
    with factories.work() as work:
        suppress(work, ADA, reason, source="link", contact_id=None)

    with factories.work() as work, pytest.raises(SuppressionStays, match="only the person"):
        lift_suppression(work, ADA, contact_id=None)

    assert now() is not None


def test_a_persons_word_takes_the_place_of_a_bounce_and_never_the_other_way(app: Flask) -> None:
    with factories.work() as work:
        suppress(work, ADA, HARD_BOUNCE, source="inbox", contact_id=None)

    with factories.work() as work:
        said = suppress(work, ADA, UNSUBSCRIBED, source="link", contact_id=None)
        bounced = suppress_all(work, [ADA], HARD_BOUNCE, source="import:1")

    found = now()
    assert (said, bounced) == (True, 0)
    assert found is not None
    assert (found.reason, found.source) == (UNSUBSCRIBED, "link")


def test_the_history_tells_each_suppression_and_its_end(app: Flask) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, ADA)
        suppress(work, ADA, HARD_BOUNCE, source="smtp", contact_id=contact.id)
        lift_suppression(work, ADA, contact_id=contact.id)
        suppress(work, ADA, UNSUBSCRIBED, source="link", contact_id=contact.id)

    steps = suppression_history(reading(), contact.id)

    assert [(step.reason, step.source, step.is_lifted) for step in steps] == [
        (UNSUBSCRIBED, "link", False),
        (HARD_BOUNCE, "smtp", True),
        (HARD_BOUNCE, "smtp", False),
    ]
