"""The page of past answers."""

import io

import pytest
import sqlalchemy as sa

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.foundation.database import reading
from nps_portal.responses.models import Response
from tests.support import factories
from tests.support.client import PortalClient

ADDRESS = "/settings/data/answers"


def answer_count() -> int:
    return reading().scalar(sa.select(sa.func.count(Response.id))) or 0


def upload(owner: PortalClient, content: str, **fields: str) -> str:
    file = (io.BytesIO(content.encode()), "old answers.csv")
    return owner.post_form(ADDRESS, {"file": file, "survey": "", "dates": "", **fields}).text


def test_a_file_comes_in_and_is_taken_back(owner: PortalClient) -> None:
    upload(owner, "Email,Score,Date\nada@example.org,9,2025-01-31\n")

    assert answer_count() == 1
    page = owner.get(ADDRESS).text
    assert "old answers.csv" in page
    assert "Answers added: 1. Known already: 0. Refused: 0." in page

    owner.post_form(f"{ADDRESS}/1/undo")
    assert answer_count() == 0
    assert "Taken back" in owner.get(ADDRESS).text


def test_refused_rows_are_shown_by_line(owner: PortalClient) -> None:
    page = upload(
        owner, "Email,Score,Date\na@example.org,99,2025-01-31\na@example.org,9,2025-01-31\n"
    )

    assert "«99» is not a score from 0 to 10." in page
    assert answer_count() == 1


def test_dates_that_do_not_tell_are_asked_for(owner: PortalClient) -> None:
    content = "Email,Score,Date\na@example.org,9,03/04/2025\n"

    assert "say how they are meant" in upload(owner, content)
    assert answer_count() == 0
    upload(owner, content, dates="day")

    at = reading().scalars(sa.select(Response.answered_at)).one()
    assert at.date().isoformat() == "2025-04-03"


def test_a_file_that_cannot_be_read_is_told(owner: PortalClient) -> None:
    assert "is a PDF, not a table" in upload(owner, "%PDF-1.7 and more")


@pytest.mark.parametrize("method", ["get", "post_form"])
def test_a_colleague_does_not_come_in(client: PortalClient, method: str) -> None:
    with factories.work() as work:
        factories.make_owner(work)
        add_user(
            work,
            email="colleague@acme.example",
            name="Kim",
            password=factories.PASSWORD,
            role=Role.COLLEAGUE,
        )
    client.sign_in("colleague@acme.example", factories.PASSWORD)

    assert getattr(client, method)(ADDRESS).status_code == 403
