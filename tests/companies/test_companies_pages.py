"""Pages of companies: figures of people, the alarm, coverage, editing, addresses that suggest."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.companies.walking import MOST_WALKED
from nps_portal.contacts.company_commands import CompanyDetails, DomainTaken, add_company
from nps_portal.contacts.models import Company, CompanyDomain, Contact, Trend
from nps_portal.contacts.queries import MANY_CONTACTS
from nps_portal.contacts.standings import Standing, set_standings
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import Work
from nps_portal.responses.models import Channel, Evidence, Response, ResponseState
from tests.support.client import PortalClient
from tests.support.clock import FixedClock
from tests.support.factories import make_contact, make_survey, work


def answered(opened: Work, contact: Contact, *scores: int, days_ago: int = 10) -> None:
    """Let a Contact have given these scores a day apart, the last one so many days ago."""
    survey = make_survey(opened)
    for number, score in enumerate(reversed(scores)):
        opened.session.add(
            Response(
                survey_id=survey.id,
                contact_id=contact.id,
                score=score,
                state=ResponseState.COUNTED,
                evidence=Evidence.SUBMITTED,
                channel=Channel.PHONE,
                answered_at=opened.now - timedelta(days=days_ago + number),
            )
        )
    opened.session.flush()
    standing = Standing(
        last_score=scores[-1],
        last_answered_at=opened.now - timedelta(days=days_ago),
        answers=len(scores),
        trend=Trend.NEW,
    )
    set_standings(opened, {contact.id: standing})


def company_id(name: str = "Acme") -> int:
    """Return the id of a Company."""
    return reading().scalars(sa.select(Company.id).where(Company.name == name)).one()


def test_a_person_who_answers_often_does_not_speak_for_all(owner: PortalClient) -> None:
    with work() as opened:
        answered(opened, make_contact(opened, company="Acme"), 2, 2, 2, 2)
        answered(opened, make_contact(opened, company="Acme"), 10)

    page = owner.get(f"/companies/{company_id()}").text

    assert ">6.0<" in page
    assert "2 of 2" in page


def test_an_average_that_hides_the_one_who_decides_raises_an_alarm(owner: PortalClient) -> None:
    with work() as opened:
        decider = make_contact(opened, name="Maria Rossi", company="Acme")
        decider.decides = True
        answered(opened, decider, 3)
        for _ in range(2):
            user = make_contact(opened, company="Acme")
            user.uses = True
            answered(opened, user, 9)
        answered(opened, make_contact(opened, company="Content"), 9)

    alarmed = owner.get("/companies?group=alarm").text

    assert "Maria Rossi, who decides, gave 3; the 2 others average 9.0." in alarmed
    assert "Content" not in alarmed
    assert "who decides, gave 3" in owner.get(f"/companies/{company_id()}").text


def test_old_answers_are_not_heard_any_more(owner: PortalClient) -> None:
    with work() as opened:
        answered(opened, make_contact(opened, company="Acme"), 9, days_ago=400)
        answered(opened, make_contact(opened, company="Fresh"), 9)

    silent = owner.get("/companies?group=silent").text

    assert "Acme" in silent
    assert "Fresh" not in silent
    assert (
        "Nobody has answered in the last twelve months."
        in owner.get(f"/companies/{company_id()}").text
    )


def test_coverage_tells_companies_and_revenue(owner: PortalClient) -> None:
    with work() as opened:
        for name, revenue in (("Large", 900), ("Small", 100)):
            add_company(opened, CompanyDetails(name=name, revenue=Decimal(revenue)), source="test")
        answered(opened, make_contact(opened, company="Small"), 9)

    page = owner.get("/companies").text

    assert "1 of 2 (50 %)" in page
    assert "10 %" in page
    assert "too few companies with revenue and answers to say" in page


def test_the_same_people_are_compared_with_themselves(owner: PortalClient) -> None:
    with work() as opened:
        for _ in range(6):
            contact = make_contact(opened, company="Acme")
            answered(opened, contact, 9, days_ago=500)
            answered(opened, contact, 6)

    page = owner.get(f"/companies/{company_id()}").text

    assert "Of 6 who answered in both years, the average went from 9.0 to 6.0: more than" in page


@pytest.mark.parametrize(
    ("written", "kept"),
    [("12000", "12000"), ("12,000.50", "12000.5"), ("12.000,50", "12000.5"), ("12 000", "12000")],
)
def test_a_company_is_added_by_hand(owner: PortalClient, written: str, kept: str) -> None:
    answer = owner.post_form(
        "/companies",
        {"name": " Acme  Ltd ", "revenue": written, "owner_id": "1", "domains": "Acme.example"},
    )

    company = reading().get_one(Company, company_id("Acme Ltd"))
    assert answer.status_code == 303
    assert company.revenue == Decimal(kept)
    assert company.owner_id == 1
    assert reading().scalars(sa.select(CompanyDomain.domain)).all() == ["acme.example"]


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("name", "", "Write the name."),
        ("revenue", "a lot", "Write a number"),
        ("revenue", "-5", "Write an amount from 0"),
        ("revenue", "NaN", "Write an amount from 0"),
        ("domains", "not a domain!", "is no domain"),
        ("domains", "gmail.com", "Anybody can have an address at gmail.com."),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_form(
    owner: PortalClient, field: str, value: str, fault: str
) -> None:
    told = {"name": "Acme", "revenue": "5", "owner_id": "0", "domains": "acme.example"}

    answer = owner.post_form("/companies", told | {field: value})

    assert answer.status_code == 422
    assert fault in answer.text
    assert reading().scalars(sa.select(Company.id)).all() == []


def test_neither_a_name_nor_a_domain_belongs_to_two(owner: PortalClient) -> None:
    with work() as opened:
        details = CompanyDetails(name="Acme", domains=("acme.example",))
        add_company(opened, details, source="test")

    same_name = owner.post_form("/companies", {"name": "ACME", "owner_id": "0"})
    same_domain = owner.post_form(
        "/companies", {"name": "Other", "owner_id": "0", "domains": "acme.example"}
    )

    assert "ACME is in your companies already." in same_name.text
    assert "acme.example belongs to Acme already." in same_domain.text
    assert len(reading().scalars(sa.select(Company.id)).all()) == 1


def test_a_company_is_renamed_and_its_domains_replaced(owner: PortalClient) -> None:
    with work() as opened:
        details = CompanyDetails(name="Acme", domains=("a.example",))
        found = add_company(opened, details, source="test").id

    owner.post_form(
        f"/companies/{found}/edit",
        {"name": "Acme Ltd", "revenue": "", "owner_id": "0", "domains": "b.example\nc.example"},
    )

    page = owner.get(f"/companies/{found}").text
    assert "<h1>Acme Ltd</h1>" in page
    assert "b.example, c.example" in page
    assert "a.example" not in page


def test_only_a_company_without_people_can_go(owner: PortalClient) -> None:
    with work() as opened:
        make_contact(opened, company="Acme")
        add_company(opened, CompanyDetails(name="Empty"), source="test")
    full, empty = company_id(), company_id("Empty")

    owner.post_form(f"/companies/{full}/removal")
    owner.post_form(f"/companies/{empty}/removal")

    assert reading().scalars(sa.select(Company.name)).all() == ["Acme"]


def test_addresses_of_one_domain_suggest_a_company(owner: PortalClient) -> None:
    with work() as opened:
        for email in ("a@mueller-bau.example", "b@mueller-bau.example", "c@gmail.com"):
            make_contact(opened, email)
        make_contact(opened, "d@gmail.com")
        make_contact(opened, "alone@single.example")

    page = owner.get("/companies/suggestions").text
    answer = owner.post_form(
        "/companies/suggestions",
        {"domains": "mueller-bau.example", "name-mueller-bau.example": "Müller Bau"},
    )

    assert "mueller-bau.example" in page
    assert "gmail.com" not in page
    assert "single.example" not in page
    assert answer.status_code == 303
    people = reading().scalars(
        sa.select(Contact.email).where(Contact.company_id == company_id("Müller Bau"))
    )
    assert sorted(people) == ["a@mueller-bau.example", "b@mueller-bau.example"]


def test_two_companies_cannot_gather_one_domain(app: Flask, clock: FixedClock) -> None:
    details = CompanyDetails(name="B", domains=("a.example",))
    with app.app_context(), work() as opened:
        add_company(opened, CompanyDetails(name="A", domains=("a.example",)), source="test")

        with pytest.raises(DomainTaken):
            add_company(opened, details, source="test")


def test_who_is_added_with_an_address_at_its_domain_joins(owner: PortalClient) -> None:
    with work() as opened:
        details = CompanyDetails(name="Acme", domains=("a.example",))
        add_company(opened, details, source="test")

        joined = make_contact(opened, "new@a.example")
        named = make_contact(opened, "other@a.example", company="Other")

    assert (joined.company_id, named.company_id) == (company_id(), company_id("Other"))


def make_many() -> None:
    """Let there be many contacts, as far as the pages can tell, by one who was removed."""
    with work() as opened:
        far = Contact(
            id=MANY_CONTACTS + 1,
            email="far@example.org",
            email_key="far@example.org",
            created_at=opened.now,
            changed_at=opened.now,
            removed_at=opened.now,
        )
        opened.session.add(far)


def links(page: str) -> dict[str, str]:
    """Return where a list goes back and on."""
    found = re.findall(r'href="([^"]+)" rel="(prev|next)"', page)
    return {rel: unescape(url) for url, rel in found}


def shown(page: str) -> list[str]:
    """Return the companies in a list, in order."""
    return re.findall(r">(Client \d+)<", page)


def clients(number: int, *, alarmed: Callable[[int], bool]) -> None:
    """Add companies of two people, one of whom decides; of some that one is unhappy."""
    with work() as opened:
        for one in range(number):
            decider = make_contact(opened, company=f"Client {one:03}")
            decider.decides = True
            answered(opened, decider, 3 if alarmed(one) else 9)
            answered(opened, make_contact(opened, company=f"Client {one:03}"), 9)


def test_alarms_are_walked_through_forward_and_back(owner: PortalClient) -> None:
    clients(240, alarmed=lambda one: one % 2 == 0)
    expected = [f"Client {one:03}" for one in range(0, 240, 2)]

    pages = [owner.get("/companies?group=alarm").text]
    while "next" in links(pages[-1]):
        pages.append(owner.get(links(pages[-1])["next"]).text)
    back = [pages[-1]]
    while "prev" in links(back[-1]):
        back.append(owner.get(links(back[-1])["prev"]).text)

    assert [name for page in pages for name in shown(page)] == expected
    assert [name for page in reversed(back) for name in shown(page)] == expected
    assert len(shown(pages[0])) == 50
    assert "next" not in links(pages[-1])


def test_a_walk_that_finds_few_says_that_it_goes_on(owner: PortalClient) -> None:
    with work() as opened:
        opened.session.execute(
            sa.insert(Company),
            [
                {
                    "name": f"Client {one}",
                    "name_key": f"client {one}",
                    "created_at": opened.now,
                }
                for one in range(1000, 1001 + MOST_WALKED)
            ],
        )
        for name in ("Client 1000", f"Client {1000 + MOST_WALKED}"):
            decider = make_contact(opened, company=name)
            decider.decides = True
            answered(opened, decider, 3)
            answered(opened, make_contact(opened, company=name), 9)

    first = owner.get("/companies?group=alarm").text
    second = owner.get(links(first)["next"]).text

    assert shown(first) == ["Client 1000"]
    assert "Next goes on from there" in first
    assert shown(second) == [f"Client {1000 + MOST_WALKED}"]


def test_among_very_many_people_the_totals_come_after_the_page(owner: PortalClient) -> None:
    with work() as opened:
        answered(opened, make_contact(opened, company="Small"), 9)
        answered(opened, make_contact(opened, company="Gone"), 2)
        gone = make_contact(opened, company="Gone")
        answered(opened, gone, 10)
        gone.removed_at = opened.now
    make_many()

    page = owner.get("/companies").text

    assert "2 of 2 (100 %)" not in page
    assert 'data-hx-get="/companies/totals"' in page
    assert "2 of 2 (100 %)" in owner.get("/companies/totals").text
    assert "2 of 2 (100 %)" in owner.get("/companies?totals=1").text


def test_whoever_was_removed_is_in_no_total(owner: PortalClient) -> None:
    with work() as opened:
        gone = make_contact(opened, company="Gone")
        answered(opened, gone, 10)
        gone.removed_at = opened.now
        answered(opened, make_contact(opened, company="Here"), 9)

    assert "1 of 2 (50 %)" in owner.get("/companies").text


def test_among_very_many_people_addresses_are_compared_after_the_page(owner: PortalClient) -> None:
    with work() as opened:
        make_contact(opened, "a@nordlys.example")
        make_contact(opened, "b@nordlys.example")
    make_many()

    page = owner.get("/companies/suggestions").text

    assert "nordlys.example" not in page
    assert 'data-hx-get="/companies/suggestions?whole=1"' in page
    assert "nordlys.example" in owner.get("/companies/suggestions?whole=1").text
