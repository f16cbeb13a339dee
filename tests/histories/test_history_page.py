"""The page of past answers."""

import io
import threading

import pytest
import sqlalchemy as sa
from flask import Flask

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from nps_portal.foundation.database import reading
from nps_portal.foundation.work import WORKER
from nps_portal.histories.running import next_history_import, run_history_import
from nps_portal.imports.models import ImportPiece
from nps_portal.responses.models import Response
from nps_portal.worker.loop import run_until_idle
from tests.support import factories
from tests.support.client import PortalClient

ADDRESS = "/settings/data/answers"


def answer_count() -> int:
    reading().rollback()
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
    upload(owner, "Email,Score,Date\na@example.org,99,2025-01-31\na@example.org,9,2025-01-31\n")

    page = owner.get(ADDRESS).text
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


def many(rows: int) -> str:
    lines = (f"c{n}@example.org,{n % 11},2025-01-31\n" for n in range(rows))
    return "Email,Score,Date\n" + "".join(lines) + "x@example.org,99,2025-01-31\n"


def test_a_large_file_comes_in_by_the_worker(app: Flask, owner: PortalClient) -> None:
    upload(owner, many(2_500))

    page = owner.get(ADDRESS).text
    assert "coming in" in page
    assert f'{ADDRESS}/progress"' in page
    assert answer_count() == 0
    moving = owner.get(f"{ADDRESS}/progress")
    assert "0 of 2,501" in moving.text
    assert "HX-Refresh" not in moving.headers

    run_until_idle(app)

    assert answer_count() == 2_500
    page = owner.get(ADDRESS).text
    assert "2,500 added" in page
    assert "«99» is not a score from 0 to 10." in page
    assert owner.get(f"{ADDRESS}/progress").headers["HX-Refresh"] == "true"
    report = owner.get(f"{ADDRESS}/1/refused.csv")
    assert "«99» is not a score" in report.text
    assert "x@example.org" in report.text


def test_a_worker_that_was_killed_is_followed_by_another(app: Flask, owner: PortalClient) -> None:
    upload(owner, many(2_500))
    import_id = next_history_import()
    assert import_id is not None
    stopping = threading.Event()
    run_history_import(import_id, WORKER, stopping, lambda rows: stopping.set())
    assert answer_count() == 1_000

    run_until_idle(app)

    assert answer_count() == 2_500
    assert next_history_import() is None


def test_two_workers_bring_each_answer_in_once(app: Flask, owner: PortalClient) -> None:
    upload(owner, many(2_500))
    import_id = next_history_import()
    assert import_id is not None

    others: list[int] = []
    run_history_import(
        import_id, WORKER, step=lambda rows: others.append(run_history_import(import_id, WORKER))
    )

    assert sum(others) == 1_501

    assert answer_count() == 2_500


def test_undo_stops_a_file_that_is_coming_in(app: Flask, owner: PortalClient) -> None:
    upload(owner, many(2_500))
    import_id = next_history_import()
    assert import_id is not None
    stopping = threading.Event()
    run_history_import(import_id, WORKER, stopping, lambda rows: stopping.set())

    owner.post_form(f"{ADDRESS}/1/undo")
    run_until_idle(app)

    assert answer_count() == 0
    assert reading().scalar(sa.select(sa.func.count()).select_from(ImportPiece)) == 0


def test_a_large_file_is_taken_back_by_the_worker(app: Flask, owner: PortalClient) -> None:
    upload(owner, many(2_500))
    run_until_idle(app)

    owner.post_form(f"{ADDRESS}/1/undo")

    assert answer_count() == 2_500
    assert "being taken back" in owner.get(ADDRESS).text
    run_until_idle(app)
    assert answer_count() == 0
    assert "Taken back" in owner.get(ADDRESS).text
    assert next_history_import() is None


def test_an_undo_that_was_stopped_goes_on(app: Flask, owner: PortalClient) -> None:
    upload(owner, many(2_500))
    run_until_idle(app)
    owner.post_form(f"{ADDRESS}/1/undo")
    import_id = next_history_import()
    assert import_id is not None
    stopping = threading.Event()
    stopping.set()

    assert run_history_import(import_id, WORKER, stopping) == 0
    assert answer_count() == 2_500

    run_until_idle(app)
    assert answer_count() == 0


def test_files_of_answers_do_not_stand_among_imports_of_contacts(owner: PortalClient) -> None:
    upload(owner, "Email,Score,Date\nada@example.org,9,2025-01-31\n")

    assert "old answers.csv" not in owner.get("/contacts/imports").text
    assert owner.get("/contacts/imports/1").status_code == 404
