"""The record of a contact: where the scores go, what is known, and a timeline to its beginning."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from nps_portal.contacts.models import ConsentBasis, Contact, PropertyKind
from nps_portal.contacts.properties import add_property, set_values
from nps_portal.contacts.tags import add_tags, ensure_tags
from nps_portal.contacts.values import PropertySpec, Value
from nps_portal.insights.contact_record import MOST_EVENTS
from nps_portal.journal.commands import record
from tests.insights.answers import add_answer
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock


def contact_with_scores(*scores: int) -> int:
    """Add a Contact who gave these scores, ninety days apart."""
    with factories.work() as work:
        contact = factories.make_contact(work)
        for number, score in enumerate(reversed(scores)):
            add_answer(work, score, work.now - timedelta(days=90 * number), contact)
        return contact.id


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ((9,), "One answer so far, and so no trend."),
        ((9, 10, 9), "Steady: nothing moved by 3 points or more."),
        ((9, 5), "Deteriorating by 3 points or more"),
        ((4, 9), "Improving by 3 points or more"),
        ((9, 8), "Crossed the line downwards; a point or two may be noise."),
    ],
)
def test_the_record_says_where_the_scores_go(
    owner: PortalClient, scores: tuple[int, ...], words: str
) -> None:
    contact_id = contact_with_scores(*scores)

    assert words in owner.get(f"/contacts/{contact_id}").text


def test_the_record_shows_everything_that_is_known(owner: PortalClient) -> None:
    with factories.work() as work:
        contact = factories.make_contact(work, company="Acme")
        contact.decides = True
        contact.consent_basis, contact.consent_on = ConsentBasis.CONSENT, date(2026, 3, 1)
        contact.owner_id = 1
        add_tags(work, [contact.id], list(ensure_tags(work, ["Key account"]).values()))
        spent = add_property(
            work, PropertySpec(name="Spent", kind=PropertyKind.MONEY, currency="EUR"), source="test"
        )
        since = add_property(
            work, PropertySpec(name="Since", kind=PropertyKind.DATE), source="test"
        )
        told = {
            spent.id: Value(text="1234.5", key="1234.5", number=Decimal("1234.5")),
            since.id: Value(text="2024-02-29", key="2024-02-29", number=None),
        }
        set_values(work, {contact.id: told})
        contact_id = contact.id

    page = owner.get(f"/contacts/{contact_id}").text

    for words in ("decides", "consent, 1 Mar 2026", "Key account", "1,234.50 EUR", "29 Feb 2024"):
        assert words in page, words
    assert "Jo Baker" in page[page.index("Looked after by") :][:200]


def test_the_timeline_goes_back_to_its_beginning(owner: PortalClient, clock: FixedClock) -> None:
    with factories.work() as work:
        contact_id = factories.make_contact(work).id
    total = 2 * MOST_EVENTS + 50
    for number in range(0, total, 3):
        clock.advance(minutes=1)
        with factories.work() as work:
            # Three of one instant, so that a stretch may end among them.
            for one in range(number, min(number + 3, total)):
                record(work, f"test.event_{one}", contact_id=contact_id)

    seen: list[str] = []
    url = f"/contacts/{contact_id}"
    while url:
        page = owner.get(url).text
        seen += re.findall(r"Test event (\d+)", page)
        older = re.search(r'href="([^"]+until=[^"]+)"', page)
        url = older[1].replace("&amp;", "&") if older else ""

    assert sorted(map(int, seen)) == list(range(total))
    assert "Added to your contacts" in page


def test_a_stretch_that_is_asked_for_in_nonsense_is_the_record(owner: PortalClient) -> None:
    with factories.work() as work:
        contact: Contact = factories.make_contact(work)

    page = owner.get(f"/contacts/{contact.id}?until=yesterday")

    assert page.status_code == 200
    assert "Details" in page.text
