"""The page of an account's data."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from nps_portal.accounts.commands import add_user
from nps_portal.accounts.models import Role
from tests.support import factories
from tests.support.client import PortalClient


@pytest.fixture
def ada(owner: PortalClient) -> None:
    """Add one person with a name that a careless spreadsheet would run."""
    with factories.work() as work:
        factories.make_contact(work, "ada@example.org", name="=1+1", company="Analytics")


def test_the_page_offers_each_table_and_the_whole(owner: PortalClient) -> None:
    page = owner.get("/settings/data").text

    for address in ("contacts.csv", "contacts.xlsx", "responses.csv", "everything.zip"):
        assert f'href="/settings/data/{address}"' in page


def test_contacts_come_as_csv_and_as_a_workbook(owner: PortalClient, ada: None) -> None:
    text = owner.get("/settings/data/contacts.csv")
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(owner.get("/settings/data/contacts.xlsx").data)
    )
    row = next(csv.DictReader(io.StringIO(text.data.decode("utf-8-sig"), newline="")))
    sheet = book.get_sheet_by_name("contacts").to_python()

    assert text.headers["Content-Disposition"].startswith('attachment; filename="nps-contacts-')
    assert (row["email"], row["name"], row["company"]) == ("ada@example.org", "'=1+1", "Analytics")
    assert sheet[1][sheet[0].index("name")] == "=1+1"


def test_the_zip_is_whole_and_nothing_stays_on_the_disk(
    app: Flask, owner: PortalClient, ada: None
) -> None:
    file = owner.get("/settings/data/everything.zip")

    with zipfile.ZipFile(io.BytesIO(file.data)) as packed:
        assert b"ada@example.org" in packed.read("contacts.csv")
        assert "manifest.json" in packed.namelist()
    assert [one for one in Path(app.instance_path).iterdir() if "export" in one.name] == []


def test_no_other_table_can_be_named(owner: PortalClient) -> None:
    assert owner.get("/settings/data/users.csv").status_code == 404


@pytest.mark.parametrize("page", ["", "/contacts.csv", "/responses.xlsx", "/everything.zip"])
def test_a_colleague_takes_nothing_away(client: PortalClient, page: str) -> None:
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

    assert client.get(f"/settings/data{page}").status_code == 403
