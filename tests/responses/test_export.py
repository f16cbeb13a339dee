"""Answers as a file: what the inbox's address finds, with how each came and why it is doubted."""

import csv
import io
import re
import tracemalloc
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.foundation.csv_files import csv_lines
from nps_portal.foundation.database import reading
from nps_portal.responses.commands import Answer, submit_answer
from nps_portal.responses.export import COLUMNS, response_rows
from nps_portal.responses.models import (
    Channel,
    Evidence,
    QuotePermission,
    Response,
    ResponseState,
)
from nps_portal.responses.queries import ResponseFilter
from nps_portal.visits.commands import VisitFacts, log_visit
from nps_portal.visits.models import VisitKind
from tests.customer_pages.asking import Asked, ask, responses
from tests.support import factories
from tests.support.client import PortalClient

FORMULA = '=HYPERLINK("https://evil.example","x")'
SCRIPT = VisitFacts(
    kind=VisitKind.SUBMISSION,
    method="POST",
    network="203.0.113.0/24",
    user_agent="Reader/2",
    purpose="",
    seconds_on_page=60,
    details={"pressed": "untrusted"},
)


def given(person: Asked, score: int, comment: str = "", *, by_script: bool = False) -> None:
    with factories.work() as work:
        visit = None
        if by_script:
            visit = log_visit(work, person.invitation_id, replace(SCRIPT, score=score))
        submit_answer(work, person.invitation_id, Answer(score=score, comment=comment), visit)


def downloaded(client: PortalClient, query: str = "") -> list[dict[str, str]]:
    file = client.get(f"/responses/export.csv{query}")
    assert file.status_code == 200
    assert file.mimetype == "text/csv"
    assert file.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"), newline="")))


def test_every_answer_says_how_it_came_and_why_it_is_doubted(
    app: Flask, owner: PortalClient
) -> None:
    given(ask(app, FORMULA, company="@Nordlys"), 9, f"{FORMULA}\nüber alles")
    given(ask(app, "Tom Okafor"), 2, by_script=True)
    first = responses()[0]
    with factories.work() as work:
        row = work.session.get_one(Response, first.id)
        row.first_clicked_score, row.late, row.language = 7, True, "de"
        row.quote_permission = QuotePermission.INITIALS

    doubted, plain = downloaded(owner)

    assert plain == {
        "answered_at": first.answered_at.isoformat(timespec="seconds"),
        "contact": f"'{FORMULA}",
        "email": first.contact.email if first.contact else "",
        "company": "'@Nordlys",
        "survey": "Customer survey",
        "channel": "email",
        "category": "promoter",
        "first_click_score": "7",
        "final_score": "9",
        "comment": f"'{FORMULA}\nüber alles",
        "evidence": "Answered",
        "state": "counted",
        "bot_reasons": "",
        "late": "yes",
        "language": "de",
        "quote_permission": "initials",
    }
    assert plain["answered_at"].endswith("+00:00")
    assert (doubted["evidence"], doubted["state"]) == ("Needs review", "held")
    reasons = "came within seconds of the delivery; a script pressed Send, not a hand"
    assert doubted["bot_reasons"] == reasons
    assert (doubted["late"], doubted["first_click_score"]) == ("no", "")


def test_a_refused_answer_is_called_automated_wherever_it_stands(
    app: Flask, owner: PortalClient
) -> None:
    given(ask(app, "Tom Okafor"), 2, by_script=True)
    tom = responses()[0].id
    form = owner.get(f"/responses/{tom}").text.partition("/rejection")[2]
    seen = re.findall(r'name="seen" value="(\d+)"', form)

    refused = owner.post_form(f"/responses/{tom}/rejection", {"seen": seen[0]})

    assert refused.status_code == 303

    assert [one["evidence"] for one in downloaded(owner)] == ["Automated"]
    assert "<dd>Automated</dd>" in owner.get(f"/responses/{tom}").text
    assert "automated" in owner.get("/responses?state=excluded").text


def test_the_file_is_what_the_address_finds_on_all_its_pages(
    app: Flask, owner: PortalClient
) -> None:
    given(ask(app, "Marta Lindqvist"), 10, "Lovely bread")
    given(ask(app, "Tom Okafor"), 3)

    page = owner.get("/responses?category=promoter&q=bread&page=1").text
    found = downloaded(owner, "?category=promoter&q=bread&page=7")

    assert 'href="/responses/export.csv?q=bread&amp;category=promoter' in page
    assert [one["contact"] for one in found] == ["Marta Lindqvist"]
    assert downloaded(owner, "?category=passive") == []
    assert len(downloaded(owner)) == 2


@pytest.mark.usefixtures("app")
def test_nobody_gets_the_file_without_signing_in(client: PortalClient) -> None:
    with factories.work() as work:
        factories.make_owner(work)

    refused = client.get("/responses/export.csv")

    assert refused.status_code == 303
    assert "answered_at" not in refused.text


@pytest.mark.usefixtures("app")
def test_a_long_file_is_never_held_whole() -> None:
    with factories.work() as work:
        survey = factories.make_survey(work)
        row = {
            "survey_id": survey.id,
            "score": 9,
            "comment": "x" * 500,
            "state": ResponseState.COUNTED,
            "evidence": Evidence.SUBMITTED,
            "channel": Channel.IMPORT,
            "answered_at": work.now,
            "marks": {},
        }
        work.session.execute(sa.insert(Response), [row] * 20_000)

    tracemalloc.start()
    try:
        length = sum(map(len, csv_lines(COLUMNS, response_rows(reading(), ResponseFilter()))))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert length > 10_000_000
    assert most < 6_000_000
