"""The inbox: every answer, found by its address."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from nps_portal.nps import Category
from nps_portal.responses.commands import Answer, exclude_response, submit_answer
from nps_portal.responses.queries import PAGE_SIZE
from nps_portal.worker.loop import run_until_idle
from tests.customer_pages.asking import Asked, ask, ask_again, asked, responses
from tests.support import factories
from tests.support.client import PortalClient
from tests.support.clock import FixedClock

ARABIC = "خدمة ممتازة"
THAI = "บริการดีมาก"
HOSTILE = "<svg onload=alert(1)>"


def given(person: Asked, score: int, comment: str = "") -> None:
    with factories.work() as work:
        submit_answer(work, person.invitation_id, Answer(score=score, comment=comment))


def rows(page: TestResponse) -> int:
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.count("<tr>")


def test_without_answers_the_page_says_what_it_is_for(owner: PortalClient) -> None:
    page = owner.get("/responses")

    assert page.status_code == 200
    assert "No answers yet" in page.text
    assert "/batches/new" in page.text
    assert 'role="search"' not in page.text


def test_a_row_says_who_said_what(app: Flask, owner: PortalClient, clock: FixedClock) -> None:
    marta = ask(app, company="Nordlys Bakery")
    given(marta, 9, "Had it by noon.")
    clock.advance(minutes=5)

    page = owner.get("/responses")

    assert rows(page) == 1
    assert "Marta Lindqvist" in page.text
    assert "Nordlys Bakery" in page.text
    assert f"/contacts/{marta.contact_id}" in page.text
    assert "Had it by noon." in page.text
    assert "5 min ago" in page.text
    assert "promoter" in page.text


@pytest.mark.parametrize("comment", [ARABIC, THAI, "👍🏽🎉", "First\n\nThird", "ä" * 5000])
def test_a_comment_in_any_script_stands_there_whole(
    app: Flask, owner: PortalClient, comment: str
) -> None:
    given(ask(app), 8, comment)

    page = owner.get("/responses")

    assert f'<q class="quote" dir="auto">{comment}</q>' in page.text


def test_a_hostile_comment_is_shown_literally(app: Flask, owner: PortalClient) -> None:
    given(ask(app, HOSTILE, company=HOSTILE), 1, HOSTILE)

    for path in ("/responses", f"/responses?q={HOSTILE}", f"/responses/{responses()[0].id}", "/"):
        page = owner.get(path)

        assert page.status_code == 200
        assert HOSTILE not in page.text
        assert "&lt;svg onload=alert(1)&gt;" in page.text


@pytest.fixture
def three(app: Flask, owner: PortalClient, clock: FixedClock) -> PortalClient:
    """Give an owner with a promoter of January, a passive of February, a detractor of March."""
    clock.at = datetime(2026, 1, 10, 12, tzinfo=UTC)
    given(ask(app, "Marta Lindqvist", company="Nordlys Bakery"), 10, "Lovely bread")
    clock.at = datetime(2026, 2, 10, 12, tzinfo=UTC)
    given(ask(app, "Tom Okafor", company="Okafor & Sons"), 7)
    clock.at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    given(ask(app, "Zoë Brandt"), 3, "Wrong 100% address_")
    tom = responses()[1]
    with factories.work() as work:
        exclude_response(work, tom.id)
    owner.sign_in(factories.OWNER, factories.PASSWORD)
    return owner


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Zoë", "Tom", "Marta"]),
        ("category=promoter", ["Marta"]),
        ("category=passive", ["Tom"]),
        ("category=detractor", ["Zoë"]),
        ("category=nonsense", ["Zoë", "Tom", "Marta"]),
        ("score=7", ["Tom"]),
        ("score=77", ["Zoë", "Tom", "Marta"]),
        ("state=counted", ["Zoë", "Marta"]),
        ("state=excluded", ["Tom"]),
        ("state=held", []),
        ("comment=with", ["Zoë", "Marta"]),
        ("period=2026-02", ["Tom"]),
        ("period=2026-13", ["Zoë", "Tom", "Marta"]),
        ("period=90d", ["Zoë", "Tom", "Marta"]),
        ("survey=1", ["Zoë", "Tom", "Marta"]),
        ("survey=99999999999999999999", ["Zoë", "Tom", "Marta"]),
        ("survey=2", []),
        ("q=bread", ["Marta"]),
        ("q=OKAFOR", ["Tom"]),
        ("q=nordlys+lovely", ["Marta"]),
        ("q=100%25", ["Zoë"]),
        ("q=_", ["Zoë"]),
        ("q=%00", ["Zoë", "Tom", "Marta"]),
        ("q=nobody", []),
        ("category=promoter&q=okafor", []),
        ("page=0", ["Zoë", "Tom", "Marta"]),
        ("page=99", ["Zoë", "Tom", "Marta"]),
        ("page=x", ["Zoë", "Tom", "Marta"]),
    ],
)
def test_an_address_finds_its_answers_newest_first(
    three: PortalClient, query: str, names: list[str]
) -> None:
    page = three.get(f"/responses?{query}")

    assert page.status_code == 200
    found = re.findall(r'lines-first" href="[^"]+">(\w+)', page.text)
    assert found == names


def test_none_found_is_not_none_at_all(three: PortalClient) -> None:
    page = three.get("/responses?q=nobody")

    assert "No answer fits these filters" in page.text
    assert 'value="nobody"' in page.text
    assert "No answers yet" not in page.text


def test_the_filters_stay_chosen(three: PortalClient) -> None:
    page = three.get("/responses?category=promoter&period=2025-01&state=counted")

    for value in ("promoter", "2025-01", "counted"):
        assert f'<option value="{value}" selected>' in page.text


def test_a_month_begins_at_midnight_in_the_accounts_zone(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    clock.at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    marta, tom = ask(app), ask(app, "Tom Okafor")
    # Vienna is an hour ahead in winter, and two after the last Sunday of March.
    clock.at = datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC)
    given(marta, 9)
    clock.at = datetime(2026, 3, 31, 22, 0, tzinfo=UTC)
    given(tom, 9)
    owner.sign_in(factories.OWNER, factories.PASSWORD)

    march, april = owner.get("/responses?period=2026-03"), owner.get("/responses?period=2026-04")

    assert "Marta Lindqvist" in march.text
    assert "Tom Okafor" not in march.text
    assert "Tom Okafor" in april.text
    assert "Marta Lindqvist" not in april.text


def test_only_the_latest_of_each_person_can_be_asked_for(
    app: Flask, owner: PortalClient, clock: FixedClock
) -> None:
    marta = ask(app)
    given(marta, 9, "the former")
    clock.advance(days=100)
    given(ask_again(app, marta.contact_id), 2, "the later")
    owner.sign_in(factories.OWNER, factories.PASSWORD)

    every = owner.get("/responses")
    latest = owner.get("/responses?answers=latest")
    promoters = owner.get(f"/responses?answers=latest&category={Category.PROMOTER.value}")

    assert rows(every) == 2
    assert rows(latest) == 1
    assert "the later" in latest.text
    assert rows(promoters) == 0


def test_many_answers_come_page_by_page(app: Flask, owner: PortalClient) -> None:
    with factories.work() as work:
        contacts = [factories.make_contact(work, name=f"Person {n}") for n in range(PAGE_SIZE + 1)]
        factories.make_batch(work)
    run_until_idle(app)
    for number, contact in enumerate(contacts):
        given(asked(contact), 9, f"words {number}")

    first = owner.get("/responses?comment=with")
    second = owner.get("/responses?comment=with&page=2")

    assert rows(first) == PAGE_SIZE
    assert rows(second) == 1
    assert "comment=with&amp;page=2" in first.text
    assert 'rel="prev"' in second.text
    assert "words 0" in second.text


def test_strangers_do_not_see_the_inbox(app: Flask, client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)

    assert client.get("/responses").status_code == 303
    assert client.get("/responses/1").status_code == 303
